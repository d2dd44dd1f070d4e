import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { corednsManifest } from "./coredns";
import { deploymentsOf } from "./workloads";

const text = corednsManifest({
  image: "docker.io/rancher/mirrored-coredns-coredns:1.14.6",
  clusterDns: "10.96.0.10",
  clusterDomain: "board.local",
  nodes: [{ name: "licheepi", address: "192.0.2.7" }],
});

describe("corednsManifest", () => {
  it("brings what k3s no longer brings: NodeHosts, cluster DNS address, domain", () => {
    const objects = loadAll(text) as { kind: string; data?: Record<string, string>; spec?: { clusterIP?: string } }[];
    const config = objects.find(({ kind }) => kind === "ConfigMap");
    expect(config?.data?.NodeHosts).toBe("192.0.2.7 licheepi\n");
    expect(config?.data?.Corefile).toContain("kubernetes board.local ");
    expect(objects.find(({ kind }) => kind === "Service")?.spec?.clusterIP).toBe("10.96.0.10");
  });

  it("spells the image as k3s's own manifest does: kubelet takes another spelling for another image", () => {
    expect(text).toContain("image: rancher/mirrored-coredns-coredns:1.14.6");
  });

  it("is waited for", () => {
    expect(deploymentsOf(text, "coredns")).toEqual(["kube-system/coredns"]);
  });
});

describe("deploymentsOf", () => {
  it.each([
    ["broken YAML", "a: [", /not YAML/],
    ["a list", "- 1", /document 1/],
    ["an object without a name", "kind: Pod\nmetadata: {}", /document 1/],
  ])("refuses %s", (_title, broken, message) => {
    expect(() => deploymentsOf(broken, "manifests.x")).toThrow(message);
  });
});
