import { quote } from "../ssh/shell";
import { cleanFirewall } from "./clean-firewall";
import type { OnDestroy } from "./on-destroy";

/** Everything that k3s, its kubelet and its CNI plugins leave on a host besides what we write ourselves. */
export function traces(dataDir: string): string[] {
  return [
    dataDir,
    "/var/lib/rancher",
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/node",
    "/etc/rancher/k3s",
    "/etc/rancher",
    runtime,
    "/run/flannel",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/etc/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/usr/libexec/kubernetes",
  ];
}

/** On a tmpfs: where it is there, a k3s has run since the board booted. */
const runtime = "/run/k3s";

/** Directories that are shared with others: removed only once nothing is left in them. */
const shared = new Set(["/var/lib/rancher", "/etc/rancher", "/etc/rancher/k3s"]);

/** What a k3s needs to go on as the same node: its datastore and images, the node's password, and the volumes and logs of its pods. */
function keptData(dataDir: string): Set<string> {
  return new Set([dataDir, "/etc/rancher/node", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers"]);
}

/** What is removed of a k3s. */
export interface Removal {
  readonly depth: OnDestroy;
  readonly dataDir: string;
  /** What {@link absentScript} has printed before us. */
  readonly ours: readonly string[];
}

/**
 * Shell that prints those of some paths that are not there, and with a slash behind them those that are directories with nothing in them: an empty
 * disk may be mounted there, or linked to. What comes into these is ours as well.
 */
export function absentScript(paths: readonly string[]): string {
  return `absent() {
  if [ -d "$1/" ]; then [ -n "$(ls -A -- "$1/" | grep -vx lost+found)" ] || echo "$1/"
  elif [ ! -e "$1" ] && [ ! -L "$1" ]; then echo "$1"; fi
}
${paths.map((path) => `absent ${quote(path)}`).join("\n")}
true`;
}

/** What a removal does, in terms of the board. */
export interface RemovalPlan {
  /** Ends pods, mounts, network devices and firewall rules. Not where a k3s ran before us: they are its own again. */
  readonly endsPods: boolean;
  /** Ends a k3s that is there, because its data goes. */
  readonly stopsK3s: boolean;
  /** Paths that go with all that is in them; of those with a slash at their end the content only. */
  readonly removed: readonly string[];
  /** Directories that go where they are empty, the inner ones first. */
  readonly emptied: readonly string[];
}

/** What goes, at which depth. */
export function planRemoval({ depth, dataDir, ours }: Removal): RemovalPlan {
  const kept = depth === "keepData" ? keptData(dataDir) : new Set<string>();
  const wasEmpty = (path: string) => ours.includes(`${path}/`);
  const known = depth === "purge" ? traces(dataDir).map((path) => (wasEmpty(path) ? `${path}/` : path)) : ours;
  const going = known.filter((path) => !kept.has(withoutSlash(path)));
  return {
    endsPods: depth === "purge" || ours.some((path) => withoutSlash(path) === runtime),
    stopsK3s: depth === "purge",
    removed: going.filter((path) => !shared.has(withoutSlash(path))),
    // those that were there, and empty, stay
    emptied: going.filter((path) => shared.has(path)).sort((a, b) => b.length - a.length),
  };
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

/**
 * Ends what k3s has started and left running (a unit with KillMode=process leaves the pods), takes its mounts, network devices and
 * firewall rules away, and removes the paths of the plan. Every step may find that there is nothing to do, so that a script that was killed is
 * run again from its beginning.
 *
 * Prints `kept=` for each path that stays because somebody has mounted a file system below it.
 */
export function cleanScript(removal: Removal): string {
  const { endsPods, stopsK3s, removed, emptied } = planRemoval(removal);
  return `
# as the kernel names it, where a link leads there
failed= data=$(readlink -m -- ${quote(removal.dataDir)})
${stopsK3s ? stopUnits : ""}
${endsPods ? endPods : ""}
${removePaths(removed, emptied, removal.dataDir)}
[ -z "$failed" ] || { echo "could not remove:$failed" >&2; exit 1; }
`;
}

/**
 * Shell that removes paths with all that is in them, and directories where they are empty. Only the content goes of what has a slash at its end, and of
 * a place where a disk is mounted: that is the user's. What somebody has mounted a file system below stays.
 *
 * @param data - one of the paths that may be a link to a disk: then the content goes there, and the link stays. What any other link leads to is not
 *   ours to empty. Defaults to none.
 */
export function removePaths(removed: readonly string[], emptied: readonly string[], data?: string): string {
  return `mounted_below() { awk -v path="$(readlink -m -- "$1")/" 'index($2, path) == 1 { found = 1 } END { exit !found }' /proc/self/mounts; }
remove() {
  path=\${1%/}
  if [ "$path" != "$1" ] || { [ -L "$path" ] && [ -n "$2" ]; } || mountpoint -q -- "$path"; then
    [ ! -d "$path/" ] || find "$path/" -xdev -mindepth 1 ! -path "$path/lost+found" -delete 2>/dev/null
    left=$(ls -A -- "$path/" 2>/dev/null | grep -vx lost+found)
  else
    rm -rf --one-file-system -- "$path" 2>/dev/null
    left=$(ls -d -- "$path" 2>/dev/null)
  fi
  [ -z "$left" ] || if mounted_below "$path"; then echo "kept=$path"; else failed="$failed $path"; fi
}
${removed.map((path) => `remove ${quote(path)} ${path === data ? "follow" : ""}`).join("\n")}
${emptied.map((path) => `rmdir ${quote(path)} 2>/dev/null`).join("\n")}`;
}

/** Shell that ends container shims (`shims` prints their processes) with what runs in them. */
export const endShims = `tree() { for p in "$@"; do echo "$p"; tree $(cat /proc/"$p"/task/*/children 2>/dev/null); done; }
for round in 1 2 3 4 5; do
  pids=$(tree $(shims)); [ -n "$pids" ] || break
  kill -9 $pids 2>/dev/null; sleep 1
done`;

/**
 * Shell that removes what flannel's `host-gw` leaves in the board's own routes: those to the pods of other nodes. Its rules, which have to be there
 * still, say which network the pods have.
 */
const removePodRoutes = `for pods in $(iptables-save -t nat 2>/dev/null | sed -n 's/^-A .*-s \\([0-9.]*\\/[0-9]*\\) .*--comment "flanneld .*/\\1/p' | sort -u); do
  ip -4 route show root "$pods" | awk '$2 == "via" { print $1 }' | while read -r route; do ip -4 route del "$route" 2>/dev/null; done
done`;

/** Shell that takes away network devices, routes and firewall rules of Kubernetes and CNI plugins, and the kubelet's slices. */
export const endNetwork = `rm -rf /run/netns/cni-* 2>/dev/null
for d in $(ip -o link show master cni0 2>/dev/null | awk -F': ' '{print $2}' | cut -d@ -f1); do ip link delete "$d" 2>/dev/null; done
for d in $(ip -o link show 2>/dev/null | awk -F': ' '{print $2}' | cut -d@ -f1 | grep -E '^(cni0|flannel\\.1|flannel-v6\\.1|kube-ipvs0|flannel-wg|flannel-wg-v6|vxlan(-v6)?\\.calico|wireguard\\.cali|cali[0-9a-f]{11})$'); do ip link delete "$d" 2>/dev/null; done
${removePodRoutes}
${cleanFirewall}
# the kubelet's transient slices, the pods' among them
systemctl stop 'kubepods*.slice' 2>/dev/null
left=$(shims); [ -z "$left" ] || { echo "container shims still run:" $left >&2; exit 1; }`;

const stopUnits = `for unit in k3s k3s-agent; do
  [ "$(systemctl show -p LoadState --value -- $unit.service)" != loaded ] || systemctl disable -q --now $unit.service || failed="$failed $unit.service"
done`;

const endPods = `
# k3s's own iptables, where the board has none
for d in "$data"/data/*/bin; do [ ! -d "$d" ] || PATH=$PATH:$d:$d/aux; done
# a shim's arguments name k3s's containerd socket; its children are the containers
shims() { for p in /proc/[0-9]*; do tr '\\0' ' ' < "$p/cmdline" 2>/dev/null | grep -qE "containerd-shim.*/run/k3s/containerd/" && echo "\${p#/proc/}"; done; }
${endShims}
# what runs from the data directory and outlived its parent
for p in /proc/[0-9]*; do case "$(readlink "$p/exe" 2>/dev/null)" in "$data"/*) kill -9 "\${p#/proc/}" 2>/dev/null;; esac; done
# below the directories of containerd and kubelet only: what somebody has mounted for k3s's data or its volumes is not k3s's
awk -v agent="$data/agent/" 'index($2, "/run/k3s/") == 1 || index($2, agent) == 1 || index($2, "/var/lib/kubelet/") == 1 || index($2, "/run/netns/cni-") == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r m; do umount -l "$(printf '%b' "$m")" 2>/dev/null; done
${endNetwork}`;
