import { z } from "zod";
import type { ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { originals } from "../files/originals";
import { BoardError } from "../ssh/board-error";
import { stateDirectory } from "../ssh/file-questions";
import { quote } from "../ssh/shell";

/** On the board: the paths that were absent before us, a line each. */
const record = `${stateDirectory}/k3s-data.absent`;

const inputs = z.strictObject({
  connection: connectionArgs,
  /** k3s's data directory. Defaults to /var/lib/rancher/k3s. */
  dataDir: z.string().startsWith("/").default("/var/lib/rancher/k3s"),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Paths that k3s makes and that were not there before this stack: they go with it. */
  readonly ours: readonly string[];
}

/** Everything that k3s, its kubelet and its CNI plugins leave on a host besides what we write ourselves. */
function traces(dataDir: string): string[] {
  return [
    dataDir,
    "/var/lib/rancher",
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/node",
    "/etc/rancher/k3s",
    "/etc/rancher",
    "/run/k3s",
    "/run/flannel",
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/etc/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/usr/libexec/kubernetes",
  ];
}

/** Directories that are shared with others: removed only once nothing is left in them. */
const shared = new Set(["/var/lib/rancher", "/etc/rancher", "/etc/rancher/k3s"]);

function lookScript(paths: readonly string[]): string {
  return (
    paths.map((path) => `[ -e ${quote(path)} ] || [ -L ${quote(path)} ] || echo ${quote(path)}`).join("\n") + "\ntrue"
  );
}

/**
 * Ends what k3s has started and left running (a unit with KillMode=process leaves the pods), takes its mounts, network devices and
 * firewall rules away, and removes the given paths. Every step may find that there is nothing to do.
 */
export function cleanScript(dataDir: string, ours: readonly string[]): string {
  const removed = ours.filter((path) => !shared.has(path));
  const emptied = ours.filter((path) => shared.has(path)).sort((a, b) => b.length - a.length);
  return `
data=${quote(dataDir)}
# a shim's arguments name k3s's containerd socket; its children are the containers
shims() { for p in /proc/[0-9]*; do tr '\\0' ' ' < "$p/cmdline" 2>/dev/null | grep -qE "containerd-shim.*/run/k3s/containerd/" && echo "\${p#/proc/}"; done; }
tree() { for p in "$@"; do echo "$p"; tree $(cat /proc/"$p"/task/*/children 2>/dev/null); done; }
for round in 1 2 3 4 5; do
  pids=$(tree $(shims)); [ -n "$pids" ] || break
  kill -9 $pids 2>/dev/null; sleep 1
done
# what runs from the data directory and outlived its parent
for p in /proc/[0-9]*; do case "$(readlink "$p/exe" 2>/dev/null)" in "$data"/*) kill -9 "\${p#/proc/}" 2>/dev/null;; esac; done
awk '{print $2}' /proc/self/mounts | grep -E "^(/run/k3s|$data|/var/lib/kubelet|/run/netns/cni-)" | sort -r | while read -r m; do umount -l "$(printf '%b' "$m")" 2>/dev/null; done
rm -rf /run/netns/cni-* 2>/dev/null
for d in $(ip -o link show 2>/dev/null | awk -F': ' '{print $2}' | cut -d@ -f1 | grep -E '^(cni0|flannel\\.1|flannel-v6\\.1|kube-ipvs0|flannel-wg|flannel-wg-v6)$'); do ip link delete "$d" 2>/dev/null; done
for tool in iptables ip6tables; do
  command -v $tool-save >/dev/null 2>&1 || continue
  rules=$($tool-save 2>/dev/null) || continue
  echo "$rules" | grep -qiE 'KUBE-|CNI-|flannel' || continue
  echo "$rules" | grep -viE 'KUBE-|CNI-|flannel' | $tool-restore
done
# the kubelet's transient slices, the pods' among them
systemctl stop 'kubepods*.slice' 2>/dev/null
${removed.map((path) => `rm -rf ${quote(path)} || failed="$failed ${path}"`).join("\n")}
${emptied.map((path) => `rmdir ${quote(path)} 2>/dev/null`).join("\n")}
[ -z "$failed" ] || { echo "could not remove:$failed" >&2; exit 1; }
left=$(shims); [ -z "$left" ] || { echo "container shims still run:" $left >&2; exit 1; }
true
`;
}

/**
 * What k3s leaves on a host: data, sockets, containers, mounts, network devices. The resource remembers which of it was not there before,
 * and takes exactly that away when the stack is destroyed, after the service has stopped.
 */
export const k3sData: ResourceType<Inputs, State> = {
  token: "board:index:K3sData",
  inputs,
  secretOutputs: [],
  diff: (state, wanted) => ({ changed: [], replaces: state.dataDir === wanted.dataDir ? [] : ["dataDir"] }),
  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    // An interrupted run may have come as far as a running k3s: the first answer is kept on the board, 0700 like all originals.
    const script = `set -e
if [ ! -e ${record} ]; then
  umask 077; mkdir -p ${stateDirectory}
  { ${lookScript(traces(wanted.dataDir))}
  } > ${record}.new
  sync ${record}.new; mv ${record}.new ${record}
fi
cat ${record}`;
    const { code, stdout, stderr } = await board.run(script, { purpose: "seeing what is there before k3s" });
    if (code !== 0)
      throw new BoardError("refused", board.label, `could not look at k3s's directories: ${stderr.trim()}`);
    return { id: wanted.dataDir, state: { ...wanted, ours: stdout.split("\n").filter((line) => line !== "") } };
  },
  read: (_context, _id, state) => {
    const { ours: _ours, ...wanted } = state;
    return Promise.resolve({ state, inputs: wanted });
  },
  update: (_context, _id, old) => Promise.resolve(old),
  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    const { code, stderr } = await board.run(
      `${originals}${cleanScript(state.dataDir, state.ours)}
lock
rm -f ${record}
tidy`,
      { purpose: "removing what k3s left: containers, mounts, network devices, data", timeoutSeconds: 600 },
    );
    if (code !== 0)
      throw new BoardError("refused", board.label, stderr.trim(), "End what holds them and run destroy again");
  },
};
