import { downed, type Entry } from "./entry";

/** The pod network, services and the cluster DNS. */
export const network = {
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
    kubeadmRemedy:
      "resolvConf in /var/lib/kubelet/config.yaml: a file with a nameserver that is not a loopback address, such as /run/systemd/resolve/resolv.conf; restart kubelet, and make CoreDNS's pods anew",
  },
  "dns-upstream": {
    severity: "warning",
    area: "network",
    sentence: "CoreDNS gets no answer from the nameserver {nameserver}",
    remedy:
      "put a nameserver that answers into the board's /etc/resolv.conf, or into a file that k3s-board:k3s.config resolv-conf names",
    kubeadmRemedy:
      "put a nameserver that answers into the board's /etc/resolv.conf, or into a file that resolvConf in /var/lib/kubelet/config.yaml names",
  },
  "dns-corefile": {
    severity: "error",
    area: "network",
    sentence: "CoreDNS does not start: its Corefile is wrong ({reason})",
    remedy:
      "kubectl -n kube-system edit configmap coredns, or mend the manifest that it comes from (k3s-board:manifests); k3s brings its own Corefile back at its next start",
    kubeadmRemedy: "kubectl -n kube-system edit configmap coredns",
  },
  "dns-node-hosts": {
    severity: "error",
    area: "network",
    sentence: "CoreDNS does not start: its volume wants the key {key} of the ConfigMap {map}, which has none",
    remedy:
      "a manifest of your own brings the key: k3s writes NodeHosts for its own CoreDNS only, not where k3s-board:k3s.disable has coredns",
  },
  "cni-missing": {
    severity: "error",
    area: "network",
    sentence: "the node has no pod network: {reason}",
    remedy:
      "let k3s run its own (no flannel-backend: none), or install the CNI plugin that takes its place; its configuration goes into {directory}",
    kubeadmRemedy: "install a CNI plugin (k3s-board:kubeadm.cni); its configuration goes into {directory}",
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
    remedy:
      "k3s-board:board.prerequisites.firewall: kind: ports, or by hand: firewall-cmd --permanent --zone=trusted --add-source={network} && firewall-cmd --reload",
  },
} as const satisfies Record<string, Entry>;
