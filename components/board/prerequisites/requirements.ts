/** Something that k3s or kubeadm asks of a host. */
export interface Requirement {
  readonly component: "k3s" | "kubeadm";
  readonly what: string;
  /** Where in the configuration it belongs, and whether anybody has to do anything. */
  readonly here: string;
  readonly source: string;
}

const k3sRequirements = "https://docs.k3s.io/installation/requirements";
const k3sAdvanced = "https://docs.k3s.io/advanced";
const runtimes = "https://kubernetes.io/docs/setup/production-environment/container-runtimes/";
const kubeadmInstall = "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/";
const kubernetesPorts = "https://kubernetes.io/docs/reference/networking/ports-and-protocols/";

/** What k3s and kubeadm ask of a host; docs/prerequisites.md has it as a table. */
export const requirements: readonly Requirement[] = [
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
    what: "TCP 6443 and 10250, UDP 8472 (flannel's VXLAN) between nodes; TCP 2379 to 2380 between servers with embedded etcd",
    here: "not done here: open them by hand where a firewall runs",
    source: k3sRequirements,
  },
  {
    component: "k3s",
    what: "firewalld and ufw off, or the networks of pods and services (10.42.0.0/16, 10.43.0.0/16) trusted",
    here: "not done here",
    source: k3sRequirements,
  },
  {
    component: "kubeadm",
    what: "`net.ipv4.ip_forward` is 1",
    here: "`sysctls`",
    source: runtimes,
  },
  {
    component: "kubeadm",
    what: "swap off, or the kubelet configured to bear it",
    here: "not done here",
    source: kubeadmInstall,
  },
  {
    component: "kubeadm",
    what: "TCP 6443, 2379 to 2380, 10250, 10257 and 10259 on the control plane, 10250, 10256 and 30000 to 32767 on nodes",
    here: "not done here: open them by hand where a firewall runs",
    source: kubernetesPorts,
  },
];

/** The table as Markdown. */
export function requirementsTable(): string {
  const rows = requirements.map(({ component, what, here, source }) => [component, what, here, `<${source}>`]);
  return [["of", "what", "`board.prerequisites`", "source"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
