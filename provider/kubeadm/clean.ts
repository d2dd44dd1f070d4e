import { endNetwork, endShims, removePaths } from "../kubernetes/clean";
import type { OnDestroy } from "../kubernetes/on-destroy";
import { quote } from "../ssh/shell";

/** Everything that kubeadm, kubelet, its runtime and networks leave on a host besides what we write ourselves. */
export const traces: readonly string[] = [
  "/etc/kubernetes",
  "/var/lib/etcd",
  "/var/lib/kubelet",
  "/var/lib/containerd",
  "/var/lib/cri-dockerd",
  "/run/containerd",
  "/var/lib/cni",
  "/etc/cni",
  "/opt/cni",
  "/opt/containerd",
  "/etc/containerd",
  "/run/flannel",
  "/run/calico",
  "/var/lib/calico",
  "/var/log/calico",
  "/var/log/pods",
  "/var/log/containers",
  "/usr/libexec/kubernetes",
];

/** Directories that others use too: removed only once nothing is left in them. */
const shared = new Set(["/etc/cni", "/opt/cni", "/etc/containerd", "/etc/kubernetes"]);

/** What of {@link traces} goes. */
export interface Removal {
  readonly depth: OnDestroy;
  /** Those that were not there before us. */
  readonly ours: readonly string[];
}

/**
 * Ends what `kubeadm reset` and a stopped containerd leave running, takes its mounts, network devices and firewall rules away, and removes
 * what was not there before us, or with `purge` all of it. What was there before and is shared with others is left where anything is in it.
 * Every step may find that there is nothing to do, so that a script that was killed is run again from its beginning.
 *
 * Prints `kept=` for each path that stays because somebody has mounted a file system below it.
 */
export function cleanScript({ depth, ours }: Removal): string {
  const purged = depth === "purge" ? traces : ours;
  const removed = purged.filter((path) => ours.includes(path) || !shared.has(path));
  const emptied = purged.filter((path) => !ours.includes(path) && shared.has(path));
  return `
failed=
# a shim's arguments name its namespace and containerd's socket; another containerd, or Docker, has others
shims() { for p in /proc/[0-9]*; do tr '\\0' ' ' < "$p/cmdline" 2>/dev/null | grep -qE "containerd-shim.* k8s\\.io .*/run/containerd/containerd\\.sock" && echo "\${p#/proc/}"; done; }
${endShims}
awk 'index($2, "/run/containerd/io.containerd.runtime.v2.task/k8s.io/") == 1 || index($2, "/run/containerd/io.containerd.grpc.v1.cri/") == 1 || index($2, "/var/lib/kubelet/") == 1 || index($2, "/run/netns/cni-") == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r m; do umount -l "$(printf '%b' "$m")" 2>/dev/null; done
# Calico's part of the network of pods, which nothing else takes out of the routes
[ ! -d /var/lib/calico ] || for protocol in bird 80; do ip -4 route flush type blackhole proto $protocol 2>/dev/null; done
${endNetwork}
${removePaths(removed, emptied)}
[ -z "$failed" ] || { echo "could not remove:$failed" >&2; exit 1; }
`;
}

/** Shell that prints those of {@link traces} that are not there. */
export function absentScript(): string {
  return `${traces.map((path) => `[ -e ${quote(path)} ] || [ -L ${quote(path)} ] || echo ${quote(path)}`).join("\n")}\ntrue`;
}
