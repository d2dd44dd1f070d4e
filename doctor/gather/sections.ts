import { sourcesFragment } from "../../provider/board/kinds/firewall-found";
import { hostFragment } from "../../provider/facts/facts";
import { kubeadmSections, kubeletEndpoint } from "./kubeadm-sections";
import type { Section } from "./section";
import { showFiles } from "./show-files";

const kilobyte = 1024;

/** Sets `$D` to k3s's data directory, without a process. */
const dataDirectory = `D=/var/lib/rancher/k3s
for f in /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.y*ml; do
  [ -r "$f" ] || continue
  while read -r k v _; do case $k in data-dir:) v=\${v#[\\"\\']}; D=\${v%[\\"\\']} ;; esac; done <"$f"
done
`;

/**
 * Ends a section where k3s has not run yet: asked for one of its tools it would unpack itself, 200 MB, and the doctor leaves a board as it is. One that
 * runs with a data directory of its command line has its socket.
 */
const unlessPacked = `${dataDirectory}[ -d "$D/data" ] || [ -S /run/k3s/containerd/containerd.sock ] ||
  { echo "k3s has not unpacked its tools to $D/data: it has not run yet" >&2; exit 127; }`;

/** Calls the board's crictl, k3s's own where there is k3s. Without k3s it would take the first socket that it finds, whichever kubelet asks. */
const crictl = (args: string) =>
  `C=crictl; T=crictl
if command -v k3s >/dev/null; then C="k3s crictl"; T=k3s
${unlessPacked}
else
${kubeletEndpoint}[ -z "$E" ] || C="crictl --runtime-endpoint $E"
fi
command -v $T >/dev/null || { echo "there is no crictl" >&2; exit 127; }
$C --timeout 5s ${args}`;

const journal = (unit: string): Section => ({
  title: `journal of ${unit}`,
  // journalctl says on standard error that there is none; a unit without a line is no trouble
  command: `journalctl --quiet --no-pager -o short-iso -n 400 -u ${unit}.service | cut -c 1-700`,
  seconds: 8,
  bytes: 192 * kilobyte,
});

/** Units that are looked at, where they are there. */
export const units = [
  "k3s",
  "k3s-agent",
  "containerd",
  "k3s-board-registry",
  "firewalld",
  "kubelet",
  "docker",
  "cri-docker",
] as const;

/** What is asked of a board in one batch. The names are those of the files in a support bundle. */
export const sections = {
  board: { title: "board", command: hostFragment, seconds: 6, bytes: 8 * kilobyte },
  units: {
    title: "units",
    command: `TZ=UTC systemctl show -p Id,LoadState,ActiveState,SubState,Result,NRestarts,NeedDaemonReload,ExecMainStatus,MainPID,ExecMainStartTimestamp,ExecStart ${units.map((unit) => `${unit}.service`).join(" ")}`,
    seconds: 6,
    bytes: 32 * kilobyte,
  },
  "crictl-pods": { title: "sandboxes", command: crictl("pods -o json"), seconds: 12, bytes: 1024 * kilobyte },
  "crictl-ps": { title: "containers", command: crictl("ps -a -o json"), seconds: 12, bytes: 2048 * kilobyte },
  "ctr-images": {
    title: "images in containerd",
    command: `if command -v k3s >/dev/null; then set -- k3s ctr
${unlessPacked}
else
${kubeletEndpoint}case $E in */cri-dockerd.sock) echo "kubelet has its images in Docker, not in containerd" >&2; exit 127 ;; esac
set -- ctr; fi
command -v "$1" >/dev/null || { echo "there is no ctr" >&2; exit 127; }
"$@" --timeout 5s -n k8s.io images ls`,
    seconds: 12,
    bytes: 512 * kilobyte,
  },
  "journal-k3s": journal("k3s"),
  "journal-k3s-agent": journal("k3s-agent"),
  "journal-containerd": journal("containerd"),
  "journal-registry": journal("k3s-board-registry"),
  version: {
    title: "version of k3s",
    // the program takes seconds on a slow board, and a k3s that runs has told its version already
    command: `command -v k3s >/dev/null || { echo "there is no k3s" >&2; exit 127; }
systemctl is-active -q k3s k3s-agent && { echo running; exit; }; k3s --version`,
    seconds: 10,
    bytes: kilobyte,
  },
  "k3s-files": {
    title: "configuration of k3s",
    command: `${showFiles}show /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml /etc/rancher/k3s/config.yaml.d/*.yml /etc/rancher/k3s/registries.yaml \
/etc/systemd/system/k3s*.service.env /etc/default/k3s* /etc/sysconfig/k3s*; :`,
    seconds: 5,
    bytes: 128 * kilobyte,
  },
  "containerd-files": {
    title: "configuration of containerd",
    command: `${dataDirectory}${showFiles}show "$D"/agent/etc/containerd/config.toml "$D"/agent/etc/containerd/certs.d/*/hosts.toml \
"$D"/agent/etc/cni/net.d/* /etc/cni/net.d/*; :`,
    seconds: 5,
    bytes: 128 * kilobyte,
  },
  manifests: {
    title: "manifests and image archives",
    command: `${dataDirectory}[ -d "$D" ] || exit 0; cd "$D" && stat -c '@ %Y %s %n' server/manifests/* server/manifests/*/* agent/images/* 2>/dev/null; :`,
    seconds: 5,
    bytes: 32 * kilobyte,
  },
  certificates: {
    title: "certificates",
    // certificates only: what ends in .key is not for us
    command: `${dataDirectory}${showFiles}show "$D"/server/tls/*.crt "$D"/agent/*.crt /etc/kubernetes/pki/*.crt; :`,
    seconds: 5,
    bytes: 192 * kilobyte,
  },
  kernel: {
    title: "kernel",
    command: `read -r l </proc/cmdline; echo "cmdline=$l"
while read -r n h c e; do echo "cgroup=$n $e"; done </proc/cgroups
while read -r m _; do echo "module=$m"; done </proc/modules
for f in net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables vm/overcommit_memory kernel/panic fs/inotify/max_user_instances; do
  [ -r /proc/sys/$f ] && read -r v </proc/sys/$f && echo "sysctl=$f $v"; done
{ zcat /proc/config.gz 2>/dev/null || cat /boot/config-"$(uname -r)" 2>/dev/null; } |
  grep -E '^(# )?CONFIG_(NETFILTER_XT_(MARK|MATCH_(COMMENT|STATISTIC|MULTIPORT|CONNTRACK|ADDRTYPE))|MEMCG|OVERLAY_FS|VXLAN|BRIDGE_NETFILTER)[= ]' | sed 's/^/config=/'; :`,
    seconds: 6,
    bytes: 32 * kilobyte,
  },
  storage: {
    title: "disks, memory and clock",
    command: `echo "now=$(date +%s)"
while read -r k v _; do case $k in MemTotal:|MemAvailable:) echo "\${k%:}=$v" ;; esac; done </proc/meminfo
while read -r n t s u _; do [ "$n" = Filename ] || echo "swap=$n $s $u"; done </proc/swaps
df -Pk / /var/lib /run 2>/dev/null | sed 's/^/blocks=/'
df -Pi / /var/lib /run 2>/dev/null | sed 's/^/inodes=/'; :`,
    seconds: 5,
    bytes: 8 * kilobyte,
  },
  security: {
    title: "SELinux and firewalld",
    command: `if [ -r /sys/fs/selinux/enforce ]; then read -r e </sys/fs/selinux/enforce; echo "enforcing=$e"
  [ -d /etc/selinux/targeted/active/modules/200/k3s ] && echo policy=k3s; ls /var/lib/selinux/*/active/modules/*/k3s >/dev/null 2>&1 && echo policy=k3s; fi
if systemctl is-active -q firewalld; then echo firewalld=active; ${sourcesFragment}; fi; :`,
    seconds: 6,
    bytes: 4 * kilobyte,
  },
  network: {
    title: "network",
    command: `while read -r l; do echo "resolv=$l"; done </etc/resolv.conf
for f in /run/systemd/resolve/resolv.conf; do [ -r $f ] && while read -r l; do echo "upstream=$l"; done <$f; done
ip -4 route 2>/dev/null | sed 's/^/route=/'; ip -br addr 2>/dev/null | sed 's/^/address=/'; :`,
    seconds: 5,
    bytes: 32 * kilobyte,
  },
  iptables: {
    title: "iptables",
    command: `${dataDirectory}PATH=$PATH:$D/data/current/bin/aux; export PATH
command -v iptables-save >/dev/null || { echo "there is no iptables-save" >&2; exit 127; }
iptables-save | grep -E '^[*:]|^-A (INPUT|FORWARD|OUTPUT|KUBE-SERVICES|FLANNEL|CNI)' | cut -c 1-200`,
    seconds: 6,
    bytes: 48 * kilobyte,
  },
  "pod-logs": {
    title: "last words of containers",
    // whole logs are the applications' own: of each the last lines that diagnoses know
    command: `cd /var/log/pods 2>/dev/null || exit 0
set -- $(ls -t */*/*.log 2>/dev/null | head -n 60)
[ $# -gt 0 ] || exit 0
tail -v -n 40 "$@" | awk -v known='exec format error|Error during parsing|not found in .PATH|no such file or directory|plugin/loop|plugin/kubernetes|10[.]43[.]|i/o timeout|connection refused|no route to host|panic:|ld-linux|ld-musl' '
function told() { for (i = n > 3 ? n - 2 : 1; i <= n; i++) print file " " lines[i]; n = 0 }
/^==> .* <==$/ { told(); file = $2; next }
{ line = substr($0, 1, 400) } line ~ known { lines[++n] = line }
END { told() }'`,
    seconds: 8,
    bytes: 48 * kilobyte,
  },
  ...kubeadmSections,
} as const satisfies Record<string, Section>;

/** Sections that wait for other programs, or read much. */
export const slowSections: ReadonlySet<string> = new Set([
  "crictl-pods",
  "crictl-ps",
  "ctr-images",
  "journal-k3s",
  "journal-k3s-agent",
  "journal-containerd",
  "journal-registry",
  "certificates",
  "iptables",
  "pod-logs",
]);

/** Name of a section. */
export type SectionName = keyof typeof sections;
