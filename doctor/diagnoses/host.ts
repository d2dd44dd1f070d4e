import { renewalDays } from "../../provider/kubernetes/certificates";
import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { isOfKubeadm, ofOwnNode } from "../node";
import { time } from "./registries";

/** Kubelet evicts pods below 5 % of space: k3s's `eviction-hard` (pkg/daemons/agent/agent_linux.go). */
const fullPercent = 95;
/** Seconds that a clock may be off before tokens and certificates suffer. */
const skewSeconds = 60;
const daySeconds = 86_400;
/** Days before their end from which kubeadm's certificates are told: any day is good to renew them, and none does it by itself. */
const kubeadmDays = 30;

/** What keeps k3s from running on a host. */
export function hostFindings(facts: Facts): Finding[] {
  return ofOwnNode(facts, [
    ...memoryCgroup(facts),
    ...swap(facts),
    ...selinux(facts),
    ...disks(facts),
    ...clock(facts),
    ...certificates(facts),
  ]);
}

function memoryCgroup({ host, kernel }: Facts): Finding[] {
  if (host === undefined) return [];
  const off = host.cgroupVersion === 2 ? !host.cgroupControllers.includes("memory") : kernel?.cgroups.memory === false;
  const evidence = [
    host.cgroupVersion === 2
      ? `/sys/fs/cgroup/cgroup.controllers: ${host.cgroupControllers.join(" ")}`
      : "/proc/cgroups: memory 0",
    ...(kernel === undefined ? [] : [`/proc/cmdline: ${kernel.commandLine}`]),
  ];
  return off ? [finding("memory-cgroup-off", {}, { evidence })] : [];
}

/** k3s lets its kubelet start with swap; that of kubeadm says itself where it does not. */
function swap(facts: Facts): Finding[] {
  const [device] = facts.storage?.swaps ?? [];
  return device === undefined || isOfKubeadm(facts)
    ? []
    : [finding("swap-on", { device }, { evidence: [`/proc/swaps: ${device}`] })];
}

function selinux(facts: Facts): Finding[] {
  const { security } = facts;
  if (isOfKubeadm(facts) || security === undefined || !security.selinuxEnforcing || security.selinuxPolicy) return [];
  return [finding("selinux-without-policy", {}, { evidence: ["/sys/fs/selinux/enforce: 1, no policy module k3s"] })];
}

function disks({ storage }: Facts): Finding[] {
  return (storage?.disks ?? []).flatMap(({ mount, usedPercent, availableBytes, inodesUsedPercent }) => [
    ...(usedPercent >= fullPercent
      ? [
          finding(
            "disk-full",
            { mount, percent: String(usedPercent), available: `${Math.round(availableBytes / 1024 ** 2)} MiB` },
            { evidence: [`df: ${mount} ${usedPercent}%`] },
          ),
        ]
      : []),
    ...(inodesUsedPercent !== undefined && inodesUsedPercent >= fullPercent
      ? [
          finding(
            "inodes-full",
            { mount, percent: String(inodesUsedPercent) },
            { evidence: [`df -i: ${mount} ${inodesUsedPercent}%`] },
          ),
        ]
      : []),
  ]);
}

function clock({ storage, at, took }: Facts): Finding[] {
  if (storage === undefined || storage.now === 0) return [];
  const ahead = storage.now - at;
  const behind = at - took - storage.now;
  const off = Math.max(ahead, behind);
  if (off <= skewSeconds) return [];
  const direction = ahead > behind ? "ahead of this machine's" : "behind this machine's";
  const evidence = [`the board says ${time(storage.now)}, this machine ${time(at)}`];
  return [finding("clock-skew", { skew: duration(off), direction }, { evidence })];
}

function duration(seconds: number): string {
  const units = [
    ["days", 86400],
    ["hours", 3600],
    ["minutes", 60],
  ] as const;
  const [name, size] = units.find(([, size]) => seconds >= 2 * size) ?? ["seconds", 1];
  return `${Math.round(seconds / size)} ${name}`;
}

type Certificate = NonNullable<Facts["certificates"]>[number];

/** By the board's clock: it is the one that judges. What kubeadm left on a board of k3s nobody asks. */
function certificates(facts: Facts): Finding[] {
  const { storage, at } = facts;
  const now = storage?.now ?? at;
  const used = (facts.certificates ?? []).filter(
    ({ path }) => isOfKubeadm(facts) || !path.startsWith("/etc/kubernetes/"),
  );
  const invalid = used.flatMap((one) => {
    const { path, notBefore, notAfter } = one;
    const evidence = [validity(one)];
    if (notAfter < now)
      return [
        finding(
          isCaOfKubeadm(path) ? "kubeadm-ca-expired" : "certificate-expired",
          { file: path, date: time(notAfter) },
          { evidence },
        ),
      ];
    if (notBefore > now + 1)
      return [finding("certificate-not-yet-valid", { file: path, date: time(notBefore) }, { evidence })];
    return [];
  });
  const days = isOfKubeadm(facts) ? kubeadmDays : renewalDays;
  return [...invalid, ...expiring(used, now, days)];
}

/** kubeadm renews what its CAs have signed, and these never. */
function isCaOfKubeadm(path: string): boolean {
  return /^\/etc\/kubernetes\/.*[-/]ca\.crt$/.test(path);
}

/** Those that a restart of k3s renews, or a command of kubeadm, as one: they were made together. CAs are not among them. */
function expiring(certificates: readonly Certificate[], now: number, days: number): Finding[] {
  const near = certificates
    .filter(({ path }) => !/[-/]ca\.crt$/.test(path))
    .filter(({ notBefore, notAfter }) => notBefore <= now && notAfter >= now && notAfter - now < days * daySeconds)
    .sort((a, b) => a.notAfter - b.notAfter);
  const [first] = near;
  if (first === undefined) return [];
  const { path, notAfter } = first;
  return [
    finding(
      "certificate-expiring",
      { file: path, date: time(notAfter), left: duration(notAfter - now) },
      { evidence: near.map(validity) },
    ),
  ];
}

function validity({ path, subject, notBefore, notAfter }: Certificate): string {
  return `${path}: ${subject.replaceAll("\n", ", ")}, valid ${time(notBefore)} to ${time(notAfter)}`;
}
