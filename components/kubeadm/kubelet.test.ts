import { expect, it } from "vitest";
import { kubeadmConfig } from "./config";
import { kubeletConfiguration } from "./kubelet";

const kubelet = (given: object) =>
  kubeletConfiguration(
    kubeadmConfig.parse({ version: "v1.36.3", kubelet: given }),
    "unix:///run/containerd/containerd.sock",
  );

it("keeps of authentication what the configuration says nothing of: without the CA the API server is a stranger to kubelet", () => {
  expect(kubelet({ authentication: { webhook: { cacheTTL: "1m0s" } } }).authentication).toEqual({
    anonymous: { enabled: false },
    webhook: { enabled: true, cacheTTL: "1m0s" },
    x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
  });
  expect(kubelet({ authorization: { webhook: { cacheAuthorizedTTL: "1m0s" } } }).authorization).toEqual({
    mode: "Webhook",
    webhook: { cacheAuthorizedTTL: "1m0s" },
  });
});

it("takes the configuration's own values, lists and maps", () => {
  expect(
    kubelet({
      authentication: { anonymous: { enabled: true } },
      clusterDNS: ["10.96.0.11"],
      evictionHard: { "a.b": "1" },
    }),
  ).toMatchObject({
    authentication: { anonymous: { enabled: true }, webhook: { enabled: true } },
    clusterDNS: ["10.96.0.11"],
    evictionHard: { "a.b": "1" },
  });
});
