import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { corednsManifest } from "./coredns";
import { readDocuments } from "../../provider/kubernetes/manifest-documents";
import { manifestText } from "./manifests";

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

  it("is waited for, and nothing is wrong with it", () => {
    expect(manifestText("coredns", text).deployments).toEqual(["kube-system/coredns"]);
    expect(readDocuments(text).problems).toEqual([]);
  });
});
