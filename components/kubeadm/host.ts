import type { Facts } from "../../provider";
import type { hostPrograms } from "../../provider/facts/facts";
import type { BoardConfig } from "../board/config";
import type { KubeadmConfig } from "./config";
import { minorOf } from "./versions";

/** A board that is to be a node. */
export interface KubeadmHost {
  readonly facts: Pick<Facts, "cpus" | "memoryBytes" | "swapBytes" | "hostPrograms" | "forwards" | "packageManager">;
  readonly prerequisites: BoardConfig["prerequisites"];
  /** Config path of the board's section. */
  readonly path: string;
  readonly isWorker: boolean;
}

type Section = Pick<KubeadmConfig, "version" | "source" | "runtime" | "cni" | "kubelet" | "ignorePreflightErrors">;

/** Megabytes that kubeadm wants on a control plane. */
const leastMemory = 1700;

/**
 * What kubeadm, kubelet and flannel would refuse a board for, when programs and images are there and the wait for kubelet has come to its end: each as a
 * sentence that says what to do. Empty where the board will do.
 */
export function hostProblems(config: Section, host: KubeadmHost): string[] {
  return [
    ...(host.isWorker ? [] : sizeProblems(config, host)),
    ...settingProblems(config, host),
    ...missing(config, host),
  ];
}

function isIgnored({ ignorePreflightErrors }: Section, check: string): boolean {
  return ignorePreflightErrors.some((one) => one.toLowerCase() === check.toLowerCase());
}

/** What is not known of a board is 0. */
function sizeProblems(config: Section, { facts: { cpus, memoryBytes } }: KubeadmHost): string[] {
  const memory = Math.floor(memoryBytes / 1024 / 1024);
  const leave = (check: string) =>
    `take a larger board, or have that check left out (kubeadm.ignorePreflightErrors: [${check}])`;
  return [
    ...(cpus === 1 && !isIgnored(config, "NumCPU")
      ? [`kubeadm wants 2 processors for a control plane, and the board has one: ${leave("NumCPU")}`]
      : []),
    ...(memory > 0 && memory < leastMemory && !isIgnored(config, "Mem")
      ? [`kubeadm wants ${leastMemory} MB of memory for a control plane, and the board has ${memory}: ${leave("Mem")}`]
      : []),
  ];
}

function settingProblems(config: Section, { facts, prerequisites, path, isWorker }: KubeadmHost): string[] {
  const bearsSwap = prerequisites?.swap === "disabled" || config.kubelet.failSwapOn === false;
  const forwards = ["net.ipv4.ip_forward", "net/ipv4/ip_forward"].some(
    (name) => String(prerequisites?.sysctls[name]) === "1",
  );
  const check = "FileContent--proc-sys-net-ipv4-ip_forward";
  // the plugin bridge of a worker turns it on by itself; so does Docker, which then drops what it was not told of
  const isNeeded = config.runtime.kind === "cri-dockerd" || !isWorker;
  return [
    ...(facts.swapBytes > 0 && !bearsSwap
      ? [
          `swap is on, and kubelet does not start with it: set ${path}.prerequisites.swap to disabled, or kubeadm.kubelet.failSwapOn to false`,
        ]
      : []),
    ...(facts.forwards === false && !forwards && isNeeded && !isIgnored(config, check)
      ? [
          `net.ipv4.ip_forward is 0, and packets of pods have to be forwarded: name net.ipv4.ip_forward: 1 in ${path}.prerequisites.sysctls`,
        ]
      : []),
  ];
}

type HostProgram = (typeof hostPrograms)[number];

/** How a program comes to a board that lacks it. */
const ways: Readonly<Record<HostProgram, string>> = {
  conntrack: "install the package conntrack (apt) or conntrack-tools (dnf)",
  crictl: "put it there from a release of kubernetes-sigs/cri-tools",
  iptables: "install the package iptables",
  nft: "install the package nftables",
};

/**
 * Last minor version whose packages of kubelet all depend on iptables: those that were made from September 2026 on only recommend it
 * (kubernetes/release#4518). dnf installs what is recommended, and apt is told not to.
 */
const lastWithIptables = 33;

/** Programs that are called on the board and are neither ours nor of a package that brings them along. */
function missing(config: Section, { facts, isWorker }: KubeadmHost): string[] {
  const { version, source, runtime, cni } = config;
  const minor = minorOf(version) ?? 0;
  const isPackage = source.kind === "package";
  // its checks of each release: cmd/kubeadm/app/preflight; kubeadm's own package depends on what that release calls
  const checked: readonly HostProgram[] =
    isWorker || isPackage
      ? []
      : [
          ...(minor < 32 ? (["conntrack"] as const) : []),
          ...(minor < 31 ? (["crictl"] as const) : []),
          ...(minor < 33 ? (["iptables"] as const) : []),
        ];
  const callers = new Map<HostProgram, string>(cni.kind === "flannel" ? [["iptables", "flannel"]] : []);
  for (const name of checked)
    if (!isIgnored(config, `FileExisting-${name}`)) callers.set(name, `kubeadm of ${version}`);
  // Docker's packages bring it too
  const comesAlong =
    runtime.kind === "cri-dockerd" || (isPackage && (minor <= lastWithIptables || facts.packageManager === "dnf"));
  if (comesAlong) callers.delete("iptables");
  const has = (name: HostProgram) => facts.hostPrograms.includes(name);
  // the plugin takes nft where there is no iptables, and fails for each pod where there is neither
  const cannotMasquerade = cni.kind === "bridge" && !has("iptables") && !has("nft");
  return [
    ...[...callers]
      .filter(([name]) => !has(name))
      .map(([name, by]) => `${by} calls ${name}, and the board has none: ${ways[name]}`),
    ...(cannotMasquerade && !comesAlong && !callers.has("iptables")
      ? [`the network bridge calls iptables or nft, and the board has neither: ${ways.iptables} or nftables`]
      : []),
  ];
}
