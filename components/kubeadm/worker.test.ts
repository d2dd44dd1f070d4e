import { describe, expect, it } from "vitest";
import { kubeadmConfig } from "./config";
import { apiServer } from "./configuration";
import { kubeletHealthUrl } from "./kubelet";
import { kubeadmOpenings } from "./openings";

it.each([
  [{}, "192.0.2.7", "https://192.0.2.7:6443"],
  [{}, "fd00::7", "https://[fd00::7]:6443"],
  [{ controlPlaneEndpoint: "api.example" }, "192.0.2.7", "https://api.example:6443"],
  [{ controlPlaneEndpoint: "api.example:8443" }, "192.0.2.7", "https://api.example:8443"],
  [{ controlPlaneEndpoint: "[fd00::1]:8443" }, "192.0.2.7", "https://[fd00::1]:8443"],
  [{ controlPlaneEndpoint: "[fd00::1]" }, "192.0.2.7", "https://[fd00::1]:6443"],
])("workers of %j at %s join at %s", (config, address, expected) => {
  expect(apiServer(config, { address })).toBe(expected);
});

it.each<[Record<string, unknown>, string | undefined]>([
  [{}, "http://127.0.0.1:10248/healthz"],
  [{ healthzPort: 10300 }, "http://127.0.0.1:10300/healthz"],
  [{ healthzBindAddress: "0.0.0.0" }, "http://127.0.0.1:10248/healthz"],
  [{ healthzBindAddress: "::1" }, "http://[::1]:10248/healthz"],
  [{ healthzPort: 0 }, undefined],
])("kubelet with %j says at %s that it is well", (kubelet, expected) => {
  expect(kubeletHealthUrl({ kubelet })).toBe(expected);
});

describe("what a worker needs of its host's firewall", () => {
  const ports = (cni: object) =>
    kubeadmOpenings(kubeadmConfig.parse({ version: "v1.36.3", cni }), "kubeadm node").ports;

  it("is kubelet, kube-proxy and NodePorts, and flannel's port", () => {
    expect(ports({ kind: "bridge" })).toEqual(["10250/tcp", "10256/tcp", "30000-32767/tcp"]);
    expect(ports({ kind: "flannel" })).toContain("8472/udp");
    expect(ports({ kind: "flannel", backend: "host-gw" })).not.toContain("8472/udp");
  });
});
