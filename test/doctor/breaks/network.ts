import type { Break } from "./break";

const network = "/var/lib/rancher/k3s/agent/etc/cni/net.d";

/** What keeps pods and services from reaching each other. */
export const networkBreaks: readonly Break[] = [
  {
    expected: "iptables-missing",
    break: () => "mv /usr/sbin/iptables-save /usr/sbin/iptables-save.away",
    mend: () => "mv /usr/sbin/iptables-save.away /usr/sbin/iptables-save",
    remedy: /iptables package/,
  },
  {
    expected: "kube-proxy-rules-missing",
    // a kube-proxy that runs would have them back within a minute
    break: () => "kill -STOP $(pidof kube-proxy); iptables-save | grep -v KUBE- | iptables-restore",
    mend: () => "kill -CONT $(pidof kube-proxy)",
    remedy: /restart of k3s/,
  },
  {
    expected: "cni-missing",
    // what k3s writes there it writes again
    break: () => `mkdir -p /root/net.d; mv ${network}/* /root/net.d/; chattr +i ${network}`,
    // containerd reads a file that is written there, not one that is moved there
    mend: () => `chattr -i ${network}; cp /root/net.d/* ${network}/; rm -r /root/net.d`,
    remedy: /flannel-backend: none/,
  },
];
