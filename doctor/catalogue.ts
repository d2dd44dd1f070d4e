import { kubeadmCatalogue } from "./kubeadm-catalogue";

/** How much a finding matters: an error keeps something from running, a warning will, a note only explains. */
export type Severity = "error" | "warning" | "note";

/** Where on a board something is wrong. */
export const areas = ["board", "services", "network", "registries", "images", "pods"] as const;

/** One of {@link areas}. */
export type Area = (typeof areas)[number];

interface Entry {
  readonly severity: Severity;
  readonly area: Area;
  /** The sentence, with what differs from board to board in braces. */
  readonly sentence: string;
  /** What mends it. */
  readonly remedy: string;
  /** Findings that this one is a consequence of: where one of them is there, this one hangs on it and is not told by itself. */
  readonly because?: readonly string[];
}

const downed = ["k3s-down", "containerd-down", "kubelet-down", "runtime-down"];
const host = ["disk-full", "inodes-full", "clock-skew", "certificate-expired", "certificate-not-yet-valid"];

/** Every diagnosis: docs/doctor.md has the same table, and a test holds the two together. */
export const catalogue = {
  "image-no-platform": {
    severity: "error",
    area: "images",
    sentence: "{image} has no image for {platform}",
    remedy:
      "k3s-board:images: give {image} a `kind: build` or an `alias` that has {platform}; `npm run audit -- {image}` shows what it has",
  },
  "image-wrong-architecture": {
    severity: "error",
    area: "images",
    sentence: "{image} on the board is for {found}, the board is {platform}",
    remedy:
      "remove it (`k3s ctr images rm {image}`) and bring the one for {platform}: pull with --platform {platform}, or k3s-board:images",
  },
  "image-elf-differs": {
    severity: "error",
    area: "images",
    sentence: "{image} says it is for {platform}, but the program {program} in it is of another architecture",
    remedy:
      "build the image for {platform} (k3s-board:images, `kind: build`); `npm run audit -- {image}` shows the programs in it",
  },
  "executable-not-found": {
    severity: "error",
    area: "images",
    sentence: "{image} has no program {program} in its $PATH",
    remedy: "put the program into a directory of the image's PATH, or name its full path in the pod's `command`",
  },
  "image-not-on-board": {
    severity: "error",
    area: "images",
    sentence: "{image} is not on the board, and its pull policy is Never",
    remedy:
      "import it (k3s-board:images with `delivery: airgap` or `retag`, or `k3s ctr images import`), or let the pod pull: imagePullPolicy: IfNotPresent",
  },
  "image-without-domain": {
    severity: "error",
    area: "images",
    sentence: "{image} is on the board as {found} only: containerd looks for it with its registry in front",
    remedy: "k3s ctr -n k8s.io images tag {found} {image}",
  },
  "image-collected": {
    severity: "error",
    area: "images",
    sentence: "{image} was on the board and kubelet's garbage collection removed it",
    remedy:
      "bring it again and pin it: k3s ctr -n k8s.io images label {image} io.cri-containerd.pinned=pinned (this program pins what it brings), and free some disk",
  },
  "image-not-in-registry": {
    severity: "error",
    area: "registries",
    sentence: "{registry} does not have {image}",
    remedy:
      "check the name and the tag, or bring it into the registry: k3s-board:images with `kind: mirror` or `build`",
  },
  "pause-missing": {
    severity: "error",
    area: "images",
    sentence: "the pause image {image} is not on the board and cannot be pulled: no pod can start",
    remedy:
      "bring it as an archive in agent/images (k3s-board:k3s.pauseImage does), or point --pause-image at one that can be pulled",
  },
  "pause-wrong-architecture": {
    severity: "error",
    area: "images",
    sentence: "the pause image {image} on the board is for {found}, the board is {platform}: no pod can start",
    remedy: "remove it (`k3s ctr -n k8s.io images rm {image}`) and bring one for {platform}; this program builds it",
  },
  "pause-elf-differs": {
    severity: "error",
    area: "images",
    sentence:
      "the pause image {image} says it is for {platform}, but its sandboxes die at once: the program in it is of another architecture",
    remedy:
      "replace it by one that is built for {platform}; this program builds it, `npm run audit -- {image}` shows the program in it",
  },
  "registry-unresolved": {
    severity: "error",
    area: "registries",
    sentence: "the board cannot resolve the registry {registry}",
    remedy:
      "check the nameservers in /etc/resolv.conf, or mirror the registry: k3s-board:registry brings one that the board reaches",
  },
  "registry-unreachable": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} does not answer: {reason}",
    remedy: "start it, or check address, port and firewall from the board: curl -v {url}/v2/",
    because: ["mirror-key-differs"],
  },
  "registry-unauthorized": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} refuses the board's login",
    remedy:
      '/etc/rancher/k3s/registries.yaml: configs."{registry}".auth with user name and password (k3s-board:registry.username, registry.password); k3s reads it at its start',
  },
  "registry-speaks-http": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} speaks http, and containerd asks it with https",
    remedy:
      '/etc/rancher/k3s/registries.yaml: mirrors."{registry}".endpoint: ["http://{registry}"]; k3s reads it at its start',
    because: ["mirror-key-differs", "mirror-not-loaded"],
  },
  "registry-certificate": {
    severity: "error",
    area: "registries",
    sentence: "the board does not trust the certificate of the registry {registry}: {reason}",
    remedy:
      '/etc/rancher/k3s/registries.yaml: configs."{registry}".tls.ca_file with the CA\'s certificate on the board (k3s-board:registry.ca)',
    because: ["clock-skew"],
  },
  "mirror-not-loaded": {
    severity: "warning",
    area: "registries",
    sentence:
      "registries.yaml has a mirror for {registry} that containerd does not use: k3s has not been restarted since it was written",
    remedy: "systemctl restart {unit}",
  },
  "mirror-key-differs": {
    severity: "error",
    area: "registries",
    sentence:
      "registries.yaml has {found}, but the images are asked for at {registry}: a key without its port is another registry",
    remedy: "/etc/rancher/k3s/registries.yaml: name the key {registry}, and restart {unit}",
  },
  "manifest-edited": {
    severity: "warning",
    area: "services",
    sentence: "{file} was edited, and k3s writes its own over it at its next start",
    remedy:
      "keep it as an own manifest under another name (k3s-board:manifests), and switch the bundled one off with k3s-board:k3s.disable",
  },
  "manifest-disabled": {
    severity: "error",
    area: "services",
    sentence: "{file} is taken for the bundled {component}, which is disabled: k3s deletes it and its objects",
    remedy: "name the file custom-{component}.yaml",
  },
  "dns-api-unreachable": {
    severity: "error",
    area: "network",
    sentence: "CoreDNS is not ready: it cannot reach the API server at {address} from its pod",
    remedy:
      "check that kube-proxy's rules are there (iptables-save | grep KUBE-SERVICES), and that no firewall drops traffic of the pods' network",
    because: [
      "iptables-missing",
      "kube-proxy-rules-missing",
      "kernel-without-match",
      "firewalld-active",
      "cni-missing",
      ...downed,
    ],
  },
  "dns-loop": {
    severity: "error",
    area: "network",
    sentence: "CoreDNS stops: it forwards to itself, because the nameserver in the board's resolv.conf is {nameserver}",
    remedy:
      "k3s-board:k3s.config: resolv-conf: a file with a nameserver that is not a loopback address, such as /run/systemd/resolve/resolv.conf",
  },
  "dns-upstream": {
    severity: "warning",
    area: "network",
    sentence: "CoreDNS gets no answer from the nameserver {nameserver}",
    remedy:
      "put a nameserver that answers into the board's /etc/resolv.conf, or into a file that k3s-board:k3s.config resolv-conf names",
  },
  "cni-missing": {
    severity: "error",
    area: "network",
    sentence: "the node has no pod network: {reason}",
    remedy:
      "let k3s run its own (no flannel-backend: none), or install the CNI plugin that takes its place; its configuration goes into {directory}",
    because: [...downed, "kernel-without-match"],
  },
  "iptables-missing": {
    severity: "error",
    area: "network",
    sentence: "there is no iptables for kube-proxy: services have no way to their pods",
    remedy: "install the distribution's iptables package, and restart {unit}",
  },
  "kube-proxy-rules-missing": {
    severity: "error",
    area: "network",
    sentence: "k3s runs and iptables has none of kube-proxy's chains: services have no way to their pods",
    remedy:
      "look for kube-proxy in the journal (journalctl -u {unit} | grep -i proxy), and let nothing else flush iptables; a restart of {unit} writes the chains again",
    because: ["kernel-without-match", "iptables-missing"],
  },
  "kernel-without-match": {
    severity: "error",
    area: "network",
    sentence: "the kernel has no {option}, which kube-proxy's rules need",
    remedy:
      "load the module (modprobe {module}; k3s-board:board.prerequisites.kernelModules), or boot a kernel that has CONFIG_{option}",
  },
  "firewalld-active": {
    severity: "warning",
    area: "network",
    sentence: "firewalld runs and does not trust the pods' network {network}",
    remedy: "firewall-cmd --permanent --zone=trusted --add-source={network} && firewall-cmd --reload",
  },
  "memory-cgroup-off": {
    severity: "error",
    area: "board",
    sentence: "the kernel runs without the memory cgroup: kubelet does not start",
    remedy:
      "add cgroup_enable=memory cgroup_memory=1 to the kernel's command line (k3s-board:board.prerequisites.kernelCommandLine), and reboot",
  },
  "swap-on": {
    severity: "warning",
    area: "board",
    sentence: "swap is on ({device}): kubelet limits memory by what is not there",
    remedy: "swapoff -a, and take the line out of /etc/fstab",
  },
  "selinux-without-policy": {
    severity: "warning",
    area: "board",
    sentence: "SELinux is enforcing and k3s's policy is not installed",
    remedy:
      "install the package k3s-selinux, or make SELinux permissive: SELINUX=permissive in /etc/selinux/config, and setenforce 0",
  },
  "disk-full": {
    severity: "error",
    area: "board",
    sentence: "{mount} is {percent} % full, {available} are left: kubelet removes images and evicts pods",
    remedy: "free some space: journalctl --vacuum-size=100M, k3s crictl rmi --prune",
  },
  "inodes-full": {
    severity: "error",
    area: "board",
    sentence: "{mount} has {percent} % of its inodes in use",
    remedy: "find the directory with the many files: du --inodes -xd2 {mount} | sort -n | tail",
  },
  "disk-pressure": {
    severity: "error",
    area: "board",
    sentence: "node {node} is under disk pressure: {reason}",
    remedy: "free some space: journalctl --vacuum-size=100M, k3s crictl rmi --prune",
    because: ["disk-full", "inodes-full"],
  },
  "clock-skew": {
    severity: "error",
    area: "board",
    sentence: "the board's clock is {skew} {direction}: certificates and tokens are judged by it",
    remedy:
      "set it (date -s @$(date +%s) from a machine whose clock is right), and let it be kept: systemctl enable --now systemd-timesyncd",
  },
  "certificate-expired": {
    severity: "error",
    area: "board",
    sentence: "the certificate {file} expired on {date}",
    remedy: "restart k3s, which renews its own; where that does not help: k3s certificate rotate",
    because: ["clock-skew"],
  },
  "certificate-not-yet-valid": {
    severity: "error",
    area: "board",
    sentence: "the certificate {file} is valid from {date} on, and the board's clock is before that",
    remedy: "set the board's clock, or make the certificates again: k3s certificate rotate",
    because: ["clock-skew"],
  },
  "token-mismatch": {
    severity: "error",
    area: "services",
    sentence: "{unit} is refused for its token: {reason}",
    remedy:
      "give the agent the server's token (k3s-board:k3s.token); a server keeps the one its datastore was made with, change it with k3s token rotate",
  },
  "version-skew": {
    severity: "warning",
    area: "services",
    sentence: "node {node} has Kubernetes {found}, the server has {version}: {reason}",
    remedy: "upgrade the server first and then the agents, one minor version at a time",
  },
  "config-not-running": {
    severity: "warning",
    area: "services",
    sentence: "{file} was changed after {unit} started: what runs is what was written before",
    remedy: "systemctl restart {unit}",
  },
  "unit-not-reloaded": {
    severity: "warning",
    area: "services",
    sentence: "the unit of {unit} or a drop-in was changed and systemd has not read it again",
    remedy: "systemctl daemon-reload && systemctl restart {unit}",
  },
  "config-unknown-key": {
    severity: "warning",
    area: "services",
    sentence: "k3s {version} does not know the key {key} in {file}",
    remedy: "check its spelling in docs/k3s-configuration.md; a server skips it silently, an agent does not start",
  },
  "k3s-down": {
    severity: "error",
    area: "services",
    sentence: "{unit} does not run: {state}",
    remedy: "journalctl -u {unit} -n 50 shows why; systemctl start {unit}",
    because: ["token-mismatch", "memory-cgroup-off", "disk-full", "certificate-expired", "certificate-not-yet-valid"],
  },
  "k3s-missing": {
    severity: "note",
    area: "services",
    sentence: "there is no k3s on the board",
    remedy: "npm run up",
  },
  "containerd-down": {
    severity: "error",
    area: "services",
    sentence: "containerd does not answer: {reason}",
    remedy: "journalctl -u {unit} | grep -i containerd shows why; systemctl restart {unit}",
    because: ["k3s-down", "disk-full"],
  },
  "node-not-ready": {
    severity: "error",
    area: "services",
    sentence: "node {node} is not Ready: {reason}",
    remedy: "kubectl describe node {node}",
    because: [...downed, "cni-missing", "disk-full", "inodes-full", "disk-pressure", "memory-cgroup-off"],
  },
  "pod-not-ready": {
    severity: "warning",
    area: "pods",
    sentence: "pod {pod} is not Ready: {reason}",
    remedy: "kubectl -n {namespace} describe pod {name}",
    because: [...downed, "node-not-ready", ...host],
  },
  ...kubeadmCatalogue,
} as const satisfies Record<string, Entry>;

/** Name of a diagnosis. */
export type DiagnosisId = keyof typeof catalogue;

/** An entry of {@link catalogue}, whatever its name. */
export function entryOf(id: DiagnosisId): Entry {
  return catalogue[id];
}
