import type { Break } from "./break";

const dnsAgain = "k3s kubectl -n kube-system delete pod -l k8s-app=kube-dns --now";
const keepResolv = "[ -e /root/resolv.conf ] || cp -p /etc/resolv.conf /root/resolv.conf";
const oldResolv = `cat /root/resolv.conf >/etc/resolv.conf; rm /root/resolv.conf; ${dnsAgain}`;
const corefile = "k3s kubectl -n kube-system get configmap coredns -o yaml | grep -v '^  \\(resourceVersion\\|uid\\):'";
const keepCorefile = `${corefile} >/root/coredns.map`;
const oldCorefile = `k3s kubectl replace -f /root/coredns.map; ${dnsAgain}`;

/** Has CoreDNS's volume take its hosts from a key of the ConfigMap. */
const hostsKey = (key: string) =>
  `k3s kubectl -n kube-system patch deployment coredns --type=json -p '[{"op": "replace", "path": "/spec/template/spec/volumes/0/configMap/items/1/key", "value": "${key}"}]'`;

/** What keeps CoreDNS from answering. */
export const dnsBreaks: readonly Break[] = [
  {
    expected: "dns-upstream",
    // an address of documentation, at which nobody is
    break: () => `${keepResolv}; echo 'nameserver 192.0.2.1' >/etc/resolv.conf; ${dnsAgain}`,
    mend: () => oldResolv,
    remedy: /resolv-conf/,
  },
  {
    expected: "dns-loop",
    break: () => `${keepResolv}; echo 'nameserver 127.0.0.1' >/etc/resolv.conf; ${dnsAgain}`,
    mend: () => oldResolv,
    remedy: /resolv-conf: a file with a nameserver that is not a loopback address/,
  },
  {
    expected: "dns-api-unreachable",
    break: () =>
      `iptables -w -I INPUT -s 10.42.0.0/16 -p tcp --dport 6443 -j REJECT --reject-with icmp-host-unreachable; ${dnsAgain}`,
    mend: () =>
      "iptables -w -D INPUT -s 10.42.0.0/16 -p tcp --dport 6443 -j REJECT --reject-with icmp-host-unreachable",
    remedy: /KUBE-SERVICES/,
  },
  {
    expected: "dns-corefile",
    break: () =>
      `${keepCorefile}; sed 's/forward [.] /forwrad . /' /root/coredns.map | k3s kubectl replace -f -; ${dnsAgain}`,
    mend: () => oldCorefile,
    remedy: /configmap coredns/,
  },
  {
    expected: "dns-node-hosts",
    // the key itself would be back at once: k3s keeps it
    break: () => hostsKey("Hosts"),
    mend: () => hostsKey("NodeHosts"),
    remedy: /NodeHosts/,
  },
];
