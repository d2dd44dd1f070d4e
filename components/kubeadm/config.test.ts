import { describe, expect, it } from "vitest";
import { kubeadmConfig } from "./config";

const problems = (section: object) =>
  (kubeadmConfig.safeParse({ version: "v1.36.3", ...section }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );

describe("the kubeadm section", () => {
  it.each(["licheepi", "licheepi.lan", "a-1"])("takes a node named %s", (nodeName) =>
    expect(problems({ nodeName })).toEqual([]),
  );
  it.each(["LicheePi", "my_node", "-a", ""])("refuses a node named '%s', as kubelet knows none by it", (nodeName) =>
    expect(problems({ nodeName })).toEqual([expect.stringMatching(/^nodeName: expected lower-case letters/)]),
  );

  it.each(["registry.k8s.io", "127.0.0.1:5000", "registry.example/k8s", "me"])(
    "takes images from %s",
    (imageRepository) => expect(problems({ imageRepository })).toEqual([]),
  );
  it.each(["https://registry.k8s.io", "registry.k8s.io/", "registry.example/K8s"])(
    "refuses to take images from %s",
    (imageRepository) => expect(problems({ imageRepository })).toEqual([expect.stringMatching(/^imageRepository: /)]),
  );

  it.each<[string, object, RegExp]>([
    ["checks left out altogether", { ignorePreflightErrors: ["all"] }, /^ignorePreflightErrors\.0: name the checks/],
    ["the same in capitals", { ignorePreflightErrors: ["Mem", "ALL"] }, /^ignorePreflightErrors\.1: name the checks/],
    ["a domain in capitals", { dnsDomain: "Cluster.Local" }, /^dnsDomain: expected a domain of lower-case letters/],
    ["an endpoint in capitals", { controlPlaneEndpoint: "API.example" }, /^controlPlaneEndpoint: expected a host/],
    [
      "an endpoint at a port that is none",
      { controlPlaneEndpoint: "api:70000" },
      /^controlPlaneEndpoint: expected a host/,
    ],
    ["a name that no certificate has", { certSANs: ["api_1.example"] }, /^certSANs\.0: expected an address or a name/],
    ["an address that is a name", { nodeAddress: "board.example" }, /^nodeAddress: expected an IPv4 address/],
    ["an address of IPv6", { nodeAddress: "2001:db8::7" }, /^nodeAddress: expected an IPv4 address/],
  ])("refuses %s, as kubeadm would on the board", (_what, section, reason) =>
    expect(problems(section)).toEqual([expect.stringMatching(reason)]),
  );
});
