import { describe, expect, it } from "vitest";
import { controlPlaneImages, releaseTags } from "./image-table";
import { bundledVersions } from "./program-builds";
import { supportedMinors } from "./versions";

describe("controlPlaneImages", () => {
  it("names what `kubeadm config images list` of 1.36.3 does", () => {
    expect(controlPlaneImages("v1.36.3", "riscv64").map(({ name }) => name)).toEqual([
      "registry.k8s.io/kube-apiserver:v1.36.3",
      "registry.k8s.io/kube-controller-manager:v1.36.3",
      "registry.k8s.io/kube-scheduler:v1.36.3",
      "registry.k8s.io/kube-proxy:v1.36.3",
      "registry.k8s.io/coredns/coredns:v1.14.2",
      "registry.k8s.io/pause:3.10.2",
      "registry.k8s.io/etcd:3.6.8-0",
    ]);
  });

  it("has a way to build each of them for the version whose module is here", () => {
    for (const { alternatives } of controlPlaneImages(bundledVersions.kubernetes, "riscv64"))
      expect(alternatives.map(({ kind }) => kind).at(-1)).toMatch(/^(goModule|pause)$/);
  });

  it("tells etcd the architecture that upstream does not test, and no other", () => {
    const etcd = (arch: "riscv64" | "arm64") =>
      controlPlaneImages("v1.36.3", arch).find(({ key }) => key === "etcd")?.alternatives[0];
    expect(etcd("riscv64")).toMatchObject({ version: "v3.6.8", env: { ETCD_UNSUPPORTED_ARCH: "riscv64" } });
    expect(etcd("arm64")).not.toMatchObject({ env: { ETCD_UNSUPPORTED_ARCH: "arm64" } });
  });

  it("builds nothing of Kubernetes for another version", () => {
    const [apiserver] = controlPlaneImages("v1.35.0", "riscv64");
    expect(apiserver?.alternatives).toEqual([]);
  });
});

describe("releaseTags", () => {
  it.each([
    ["v1.30.14", "3.5.15-0", "v1.11.3", "3.9"],
    ["v1.31.14", "3.5.24-0", "v1.11.3", "3.10"],
    ["v1.32.13", "3.5.24-0", "v1.11.3", "3.10"],
    ["v1.33.13", "3.5.24-0", "v1.12.0", "3.10"],
    ["v1.34.4", "3.6.5-0", "v1.12.1", "3.10.1"],
    ["v1.35.4", "3.6.6-0", "v1.13.1", "3.10.1"],
    ["v1.36.3", "3.6.8-0", "v1.14.2", "3.10.2"],
  ])("has what kubeadm of %s names", (version, etcd, coredns, pause) => {
    expect(releaseTags(version)).toEqual({ etcd, coredns, pause });
  });

  it("has every supported release", () => {
    for (let minor: number = supportedMinors.oldest; minor <= supportedMinors.newest; minor += 1)
      expect(releaseTags(`v1.${minor}.0`)).toHaveProperty("etcd");
    expect(() => releaseTags("v1.9.2")).toThrow(/not known/);
  });
});
