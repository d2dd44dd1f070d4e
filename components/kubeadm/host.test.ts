import { describe, expect, it } from "vitest";
import { prerequisitesConfig } from "../board/prerequisites/config";
import { kubeadmConfig } from "./config";
import { hostProblems, type KubeadmHost } from "./host";

const megabyte = 1024 * 1024;
const facts = { cpus: 4, memoryBytes: 4096 * megabyte, swapBytes: 0, hostPrograms: ["iptables"], forwards: true };
const one = { url: "https://dl.example/program", sha256: "0".repeat(64) };
const source = { kind: "url", kubeadm: one, kubelet: one, kubectl: one };
const docker = { runtime: { kind: "cri-dockerd", source: { kind: "path", path: "/x" } } };

/** What speaks against a board, by its first words. */
function problems(
  section: object,
  changes: Partial<KubeadmHost["facts"]> = {},
  { prerequisites, ...more }: { prerequisites?: object; isWorker?: boolean } = {},
): string[] {
  return hostProblems(kubeadmConfig.parse({ version: "v1.36.3", ...section }), {
    facts: { ...facts, ...changes },
    prerequisites: prerequisites && prerequisitesConfig.parse(prerequisites),
    path: "board",
    isWorker: false,
    ...more,
  });
}

describe("a board for a node of kubeadm", () => {
  it("will do, and says so too where it does not tell everything", () => {
    expect(problems({})).toEqual([]);
    const { forwards: _forwards, ...silent } = facts;
    expect(
      hostProblems(kubeadmConfig.parse({ version: "v1.36.3" }), {
        facts: { ...silent, cpus: 0, memoryBytes: 0 },
        prerequisites: undefined,
        path: "board",
        isWorker: false,
      }),
    ).toEqual([]);
  });

  it("has two processors and 1700 MB where it is a control plane, unless the checks are left out", () => {
    const small = { cpus: 1, memoryBytes: 1699 * megabyte };
    expect(problems({}, small)).toEqual([
      "kubeadm wants 2 processors for a control plane, and the board has one: take a larger board, or have that check left out (kubeadm.ignorePreflightErrors: [NumCPU])",
      "kubeadm wants 1700 MB of memory for a control plane, and the board has 1699: take a larger board, or have that check left out (kubeadm.ignorePreflightErrors: [Mem])",
    ]);
    expect(problems({ ignorePreflightErrors: ["numcpu", "Mem"] }, small)).toEqual([]);
    expect(problems({}, small, { isWorker: true })).toEqual([]);
  });

  it("has no swap that kubelet does not bear", () => {
    const swap = { swapBytes: 512 * megabyte };
    const told = [
      "swap is on, and kubelet does not start with it: set board.prerequisites.swap to disabled, or kubeadm.kubelet.failSwapOn to false",
    ];
    expect(problems({}, swap)).toEqual(told);
    expect(problems({}, swap, { isWorker: true })).toEqual(told);
    expect(problems({}, swap, { prerequisites: { swap: "disabled" } })).toEqual([]);
    expect(problems({ kubelet: { failSwapOn: false } }, swap)).toEqual([]);
  });

  it("forwards packets, by itself or by the configuration; a worker's network turns that on where there is no Docker", () => {
    const off = { forwards: false };
    const told = [expect.stringMatching(/^net\.ipv4\.ip_forward is 0, .* in board\.prerequisites\.sysctls$/)];
    expect(problems({}, off)).toEqual(told);
    expect(problems(docker, off, { isWorker: true })).toEqual(told);
    expect(problems({}, off, { isWorker: true })).toEqual([]);
    expect(problems({}, off, { prerequisites: { sysctls: { "net.ipv4.ip_forward": "1" } } })).toEqual([]);
    expect(problems({}, off, { prerequisites: { sysctls: { "net.ipv4.ip_forward": 0 } } })).toEqual(told);
    expect(problems({ ignorePreflightErrors: ["FileContent--proc-sys-net-ipv4-ip_forward"] }, off)).toEqual([]);
  });

  it.each([
    ["v1.30.14", ["conntrack", "crictl", "iptables"]],
    ["v1.31.14", ["conntrack", "iptables"]],
    ["v1.32.13", ["iptables"]],
    ["v1.33.11", []],
  ])("has what kubeadm of %s calls: %j", (version, names) => {
    const bare = { hostPrograms: ["nft"] };
    expect(problems({ version, source }, bare).map((text) => text.split(" ")[4])).toEqual(
      names.map((name) => `${name},`),
    );
    expect(problems({ version, source }, { hostPrograms: [...names, "nft"] })).toEqual([]);
    expect(problems({ version, source }, bare, { isWorker: true })).toEqual([]);
    expect(problems({ version, source: { kind: "package" } }, bare)).toEqual([]);
    const ignorePreflightErrors = names.map((name) => `FileExisting-${name}`);
    expect(problems({ version, source, ignorePreflightErrors }, bare)).toEqual([]);
  });

  it("says how conntrack comes to it", () => {
    expect(problems({ version: "v1.31.14", source })).toEqual([
      "kubeadm of v1.31.14 calls conntrack, and the board has none: install the package conntrack (apt) or conntrack-tools (dnf)",
    ]);
  });

  it("has iptables for flannel, workers too, unless Docker or a package that depends on it brings it", () => {
    const flannel = { cni: { kind: "flannel" } };
    const bare = { hostPrograms: ["nft"] };
    const ofPackages = { ...flannel, source: { kind: "package" } };
    const told = ["flannel calls iptables, and the board has none: install the package iptables"];
    expect(problems(flannel, bare)).toEqual(told);
    expect(problems(flannel, bare, { isWorker: true })).toEqual(told);
    expect(problems(ofPackages, bare)).toEqual(told);
    expect(problems({ ...ofPackages, version: "v1.34.3" }, bare)).toEqual(told);
    expect(problems({ ...ofPackages, version: "v1.33.11" }, bare)).toEqual([]);
    expect(problems(ofPackages, { ...bare, packageManager: "dnf" })).toEqual([]);
    expect(problems(flannel, { ...bare, packageManager: "dnf" })).toEqual(told);
    expect(problems({ ...flannel, ...docker }, bare)).toEqual([]);
    expect(problems(flannel)).toEqual([]);
  });

  it("has iptables or nft for the bridge, and is told of iptables once", () => {
    const none = { hostPrograms: [] };
    const told = [
      "the network bridge calls iptables or nft, and the board has neither: install the package iptables or nftables",
    ];
    expect(problems({}, none)).toEqual(told);
    expect(problems({ source: { kind: "package" } }, none)).toEqual(told);
    expect(problems({ version: "v1.33.11", source: { kind: "package" } }, none)).toEqual([]);
    expect(problems(docker, none)).toEqual([]);
    expect(problems({ cni: { kind: "calico", version: "v3.30.0", manifest: "/x" } }, none)).toEqual([]);
    expect(problems({}, { hostPrograms: ["nft"] })).toEqual([]);
    expect(problems({}, { hostPrograms: ["iptables"] })).toEqual([]);
    expect(problems({ version: "v1.32.13", source }, none)).toEqual([
      "kubeadm of v1.32.13 calls iptables, and the board has none: install the package iptables",
    ]);
    const ignorePreflightErrors = ["FileExisting-iptables"];
    expect(problems({ version: "v1.32.13", source, ignorePreflightErrors }, none)).toEqual(told);
  });
});
