import { etcdPorts, portsText, requiredPorts } from "./ports";

/** Something that k3s or kubeadm asks of a host. */
export interface Requirement {
  readonly component: "k3s" | "kubeadm" | "both";
  readonly what: string;
  /** Where in the configuration it belongs, and whether anybody has to do anything. */
  readonly here: string;
  readonly source: string;
}

const k3sRequirements = "https://docs.k3s.io/installation/requirements";
const k3sAdvanced = "https://docs.k3s.io/advanced";
const k3sAgent = "https://github.com/k3s-io/k3s/blob/master/pkg/daemons/agent/agent_linux.go";
const runtimes = "https://kubernetes.io/docs/setup/production-environment/container-runtimes/";
const kubeadmInstall = "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/";
const kubeadmChecks =
  "https://github.com/kubernetes/kubernetes/blob/v1.31.14/cmd/kubeadm/app/preflight/checks_linux.go";
const validity = "https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5";
const kubernetesPorts = "https://kubernetes.io/docs/reference/networking/ports-and-protocols/";

/** What k3s and kubeadm ask of a host; docs/prerequisites.md has it as a table. */
export const requirements: readonly Requirement[] = [
  {
    component: "k3s",
    what: "systemd (or OpenRC, which this program does not support)",
    here: "a board without systemd 247 or newer is refused",
    source: k3sRequirements,
  },
  {
    component: "k3s",
    what: "the memory controller of cgroup v2; Raspberry Pi OS has it off without `cgroup_memory=1 cgroup_enable=memory`",
    here: "`kernelCommandLine`, `reboot`",
    source: k3sAdvanced,
  },
  {
    component: "k3s",
    what: "a host name of its own for each node",
    here: "`hostname`",
    source: k3sRequirements,
  },
  {
    component: "k3s",
    what: `on servers ${portsText(requiredPorts["k3s server"])} (flannel's VXLAN), with embedded etcd ${portsText([etcdPorts])}; on agents ${portsText(requiredPorts["k3s agent"])}`,
    here: "`firewall`: the ports of the board's part, as `k3s.config` has them",
    source: k3sRequirements,
  },
  {
    component: "k3s",
    what: "firewalld and ufw off, or the networks of pods and services (10.42.0.0/16, 10.43.0.0/16) trusted",
    here: "`firewall`: `kind: disabled`, or `kind: ports`",
    source: k3sRequirements,
  },
  {
    component: "k3s",
    what: "SELinux off, permissive, or with the package `k3s-selinux` and `selinux: true` in `k3s.config`",
    here: "`selinux`",
    source: k3sAdvanced,
  },
  {
    component: "k3s",
    what: "nothing about swap: its kubelet starts with it (`fail-swap-on: false`), and pods do not use it",
    here: "`swap`, where you want none",
    source: k3sAgent,
  },
  {
    component: "kubeadm",
    what: "`net.ipv4.ip_forward` is 1",
    here: "`sysctls`; a board that has 0 else is refused",
    source: runtimes,
  },
  {
    component: "kubeadm",
    what: "on the control plane 2 processors and 1700 MB of memory",
    here: "a smaller board is refused, unless `kubeadm.ignorePreflightErrors` has these checks",
    source: kubeadmInstall,
  },
  {
    component: "kubeadm",
    what: "on the control plane `conntrack` up to 1.31, `crictl` up to 1.30, `iptables` up to 1.32; with flannel `iptables` on all nodes, with `bridge` `iptables` or `nft`",
    here: "a board without is refused, where the packages of Docker or Kubernetes do not bring them. kubelet's of September 2026 and later only recommend iptables, which apt is told not to install",
    source: kubeadmChecks,
  },
  {
    component: "kubeadm",
    what: "swap off, or the kubelet configured to bear it (`failSwapOn: false` in `kubeadm.kubelet`)",
    here: "`swap`; a board that has it on else is refused",
    source: kubeadmInstall,
  },
  {
    component: "kubeadm",
    what: "SELinux permissive, where its packages are those of Kubernetes for Fedora and its kin",
    here: "`selinux`",
    source: kubeadmInstall,
  },
  {
    component: "kubeadm",
    what: "a host name, MAC address and `product_uuid` of its own for each node",
    here: "`hostname`",
    source: kubeadmInstall,
  },
  {
    component: "kubeadm",
    what: `on the control plane ${portsText(requiredPorts["kubeadm control plane"])}; on nodes ${portsText(requiredPorts["kubeadm node"])}`,
    here: "`firewall`",
    source: kubernetesPorts,
  },
  {
    component: "both",
    what: "a clock that is right, and the same on all nodes: certificates and tokens are judged by it",
    here: "`timeSync`",
    source: validity,
  },
];

/** The table as Markdown. */
export function requirementsTable(): string {
  const rows = requirements.map(({ component, what, here, source }) => [component, what, here, `<${source}>`]);
  return [["of", "what", "`board.prerequisites`", "source"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
