import { expect, it } from "vitest";
import { cniConfig } from "./config";
import { cniProblems } from "./problems";

const problems = (config: object, architectures: Parameters<typeof cniProblems>[1]["architectures"], nodes = 1) =>
  cniProblems(cniConfig.parse(config), { architectures, nodes });
const reasons = (...args: Parameters<typeof problems>) => problems(...args).map(({ reason }) => reason);

it("takes bridge for one node, and flannel for any number on any architecture", () => {
  expect(problems({ kind: "bridge" }, ["riscv64"])).toEqual([]);
  expect(problems({ kind: "flannel" }, ["riscv64", "arm64", "amd64"], 3)).toEqual([]);
});

it("refuses bridge for several nodes", () => {
  expect(problems({ kind: "bridge" }, ["riscv64", "riscv64"], 2)).toEqual([
    {
      path: "kubeadm.cni.kind",
      reason:
        "bridge networks the pods of one node, and the cluster has 2: use flannel, which joins them; a cluster that is there with bridge is destroyed and made anew for that",
    },
  ]);
});

it("refuses Calico for the boards that it has no images for, each architecture once", () => {
  const calico = { kind: "calico", version: "v3.30.0", manifest: "calico.yaml" };
  expect(problems(calico, ["arm64", "amd64"], 2)).toEqual([]);
  expect(reasons(calico, ["arm64", "riscv64", "riscv64"], 3)).toEqual([
    expect.stringMatching(/^Calico has no images for riscv64 .*: use kubeadm\.cni\.kind flannel.* or bridge/),
  ]);
});

it("refuses Cilium with the reason and the way out", () => {
  expect(reasons({ kind: "cilium" }, ["arm64"])).toEqual([
    expect.stringMatching(
      /^Cilium is not brought by this program: .*amd64 and arm64 only.*: use kubeadm\.cni\.kind flannel/,
    ),
  ]);
});
