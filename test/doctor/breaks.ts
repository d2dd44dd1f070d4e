import type { DiagnosisId } from "../../doctor/catalogue";

/** Ports at which this machine answers the board, which sees it as 10.0.2.2. */
export interface Ports {
  /** A registry of faults, which speaks http: see `faulty-registry.ts`. */
  readonly registry: number;
  /** Nobody listens there. */
  readonly closed: number;
}

/** A way to break a board, what the doctor has to say then, and the way back. */
export interface Break {
  readonly expected: DiagnosisId;
  /** A shell script. Returns when the board is broken, or soon will be. */
  readonly break: (ports: Ports) => string;
  readonly mend: (ports: Ports) => string;
  /** A whole run of `npm run test:doctor` has been seen to find and to mend it; docs/doctor.md says `provoked` of no other. */
  readonly seen?: true;
  /** Words that the remedy has to have. */
  readonly remedy: RegExp;
}

const host = "10.0.2.2";
const hello = "docker.io/k3s-board/hello:1.0";
const configuration = "/etc/rancher/k3s/config.yaml.d/99-broken.yaml";
const registries = "/etc/rancher/k3s/registries.yaml";
const certs = "/var/lib/rancher/k3s/agent/etc/containerd/certs.d";
const network = "/var/lib/rancher/k3s/agent/etc/cni/net.d";

/** A pod `broken` that asks for an image. */
const pod = (image: string, more = "imagePullPolicy: IfNotPresent") =>
  `k3s kubectl apply -f - <<'END'
{apiVersion: v1, kind: Pod, metadata: {name: broken}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "${image}", ${more}}]}}
END`;
const noPod = () => "k3s kubectl delete pod broken --now --ignore-not-found";

/** containerd reads this directory at each pull: it asks this registry with http then. */
const asked = ({ registry }: Ports) => `mkdir -p ${certs}/${host}:${registry}
printf 'server = "http://${host}:${registry}"\\n[host."http://${host}:${registry}"]\\n' >${certs}/${host}:${registry}/hosts.toml`;
const forgotten = ({ registry }: Ports) => `rm -r ${certs}/${host}:${registry}; ${noPod()}`;
const dnsAgain = "k3s kubectl -n kube-system delete pod -l k8s-app=kube-dns --now";
const keepResolv = "[ -e /root/resolv.conf ] || cp -p /etc/resolv.conf /root/resolv.conf";
const oldResolv = `cat /root/resolv.conf >/etc/resolv.conf; rm /root/resolv.conf; ${dnsAgain}`;
const corefile = "k3s kubectl -n kube-system get configmap coredns -o yaml | grep -v '^  \\(resourceVersion\\|uid\\):'";
const keepCorefile = `${corefile} >/root/coredns.map`;
const oldCorefile = `k3s kubectl replace -f /root/coredns.map; ${dnsAgain}`;
const started = () => "systemctl start k3s";

/** What is done to an emulated board, in this order; what takes longest to mend comes last. */
export const breaks: readonly Break[] = [
  {
    expected: "swap-on",
    seen: true,
    break: () =>
      "dd if=/dev/zero of=/root/swap bs=1M count=16 2>/dev/null; chmod 600 /root/swap; mkswap -q /root/swap; swapon /root/swap",
    mend: () => "swapoff /root/swap; rm /root/swap",
    remedy: /swapoff -a/,
  },
  {
    expected: "config-not-running",
    seen: true,
    break: () => `echo 'debug: true' >${configuration}`,
    mend: () => `rm ${configuration}`,
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "config-unknown-key",
    seen: true,
    break: () => `echo 'disabel: traefik' >${configuration}; touch -d 2020-01-01 ${configuration}`,
    mend: () => `rm ${configuration}`,
    remedy: /spelling/,
  },
  {
    expected: "unit-not-reloaded",
    seen: true,
    break: () => "printf '[Unit]\\nDescription=other\\n' >/etc/systemd/system/k3s.service.d/99-broken.conf",
    mend: () => "rm /etc/systemd/system/k3s.service.d/99-broken.conf; systemctl daemon-reload",
    remedy: /daemon-reload/,
  },
  {
    expected: "mirror-not-loaded",
    seen: true,
    break: () =>
      `cp -p ${registries} /root/registries.yaml; sed -i 's|^mirrors:|mirrors:\\n  ghcr.io:\\n    endpoint: ["http://127.0.0.1:5000"]|' ${registries}`,
    mend: () => `cp -p /root/registries.yaml ${registries}; rm /root/registries.yaml`,
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "manifest-edited",
    seen: true,
    break: () =>
      "cd /var/lib/rancher/k3s/server/manifests; cp -p coredns.yaml /root/coredns.yaml; echo '# mine' >>coredns.yaml; touch -d '+1 hour' coredns.yaml",
    mend: () => "cp -p /root/coredns.yaml /var/lib/rancher/k3s/server/manifests/coredns.yaml; rm /root/coredns.yaml",
    remedy: /k3s-board:k3s.disable/,
  },
  {
    expected: "iptables-missing",
    seen: true,
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
    expected: "clock-skew",
    seen: true,
    break: () => 'date -s "@$(($(date +%s) + 300))"',
    mend: () => 'date -s "@$(($(date +%s) - 300))"',
    remedy: /date -s/,
  },
  {
    expected: "image-not-on-board",
    seen: true,
    break: () => pod("docker.io/library/not-there:1", "imagePullPolicy: Never"),
    mend: noPod,
    remedy: /airgap/,
  },
  {
    expected: "image-without-domain",
    break: () =>
      `k3s ctr -n k8s.io images tag ${hello} library/nodomain:1; ${pod("docker.io/library/nodomain:1", "imagePullPolicy: Never")}`,
    mend: () => `${noPod()}; k3s ctr -n k8s.io images rm library/nodomain:1`,
    remedy: /images tag library\/nodomain:1 docker\.io\/library\/nodomain:1/,
  },
  {
    expected: "executable-not-found",
    break: () => pod(hello, 'imagePullPolicy: IfNotPresent, command: ["not-there"]'),
    mend: noPod,
    remedy: /directory of the image's PATH/,
  },
  {
    expected: "pod-not-ready",
    break: () => pod(hello, "imagePullPolicy: IfNotPresent, readinessProbe: {periodSeconds: 2, tcpSocket: {port: 9}}"),
    mend: noPod,
    remedy: /describe pod broken/,
  },
  {
    expected: "registry-unresolved",
    break: () => pod("registry.invalid/a/b:1"),
    mend: noPod,
    remedy: /resolv\.conf/,
  },
  {
    expected: "registry-unreachable",
    break: ({ closed }) => pod(`${host}:${closed}/a/b:1`),
    mend: noPod,
    remedy: /curl -v https:\/\/10\.0\.2\.2:\d+\/v2\//,
  },
  {
    expected: "registry-speaks-http",
    break: ({ registry }) => pod(`${host}:${registry}/a/b:1`),
    mend: noPod,
    remedy: /endpoint: \["http:\/\/10\.0\.2\.2:\d+"\]/,
  },
  {
    expected: "registry-unauthorized",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/forbidden/b:1`)}`,
    mend: forgotten,
    remedy: /auth with user name and password/,
  },
  {
    expected: "image-not-in-registry",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/absent/b:1`)}`,
    mend: forgotten,
    remedy: /`kind: mirror` or `build`/,
  },
  {
    expected: "image-no-platform",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/elsewhere/b:1`)}`,
    mend: forgotten,
    remedy: /`kind: build`/,
  },
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
    break: () =>
      `${keepCorefile}; k3s kubectl -n kube-system patch configmap coredns --type=json -p '[{"op": "remove", "path": "/data/NodeHosts"}]'; ${dnsAgain}`,
    mend: () => oldCorefile,
    remedy: /NodeHosts/,
  },
  {
    expected: "cni-missing",
    break: () => `mkdir -p /root/net.d; mv ${network}/* /root/net.d/`,
    mend: () => `mv /root/net.d/* ${network}/; rmdir /root/net.d`,
    remedy: /flannel-backend: none/,
  },
  {
    expected: "containerd-down",
    break: () => "kill -STOP $(pidof containerd)",
    mend: () => "kill -CONT $(pidof containerd)",
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "k3s-down",
    break: () => "systemctl stop k3s",
    mend: started,
    remedy: /systemctl start k3s/,
  },
  {
    expected: "token-mismatch",
    break: () =>
      `echo 'token: another-one' >${configuration}; chmod 600 ${configuration}; systemctl restart --no-block k3s`,
    mend: () => `rm ${configuration}; systemctl restart --no-block k3s`,
    remedy: /k3s token rotate/,
  },
  {
    expected: "disk-full",
    break: () => "fallocate -l $(( ($(stat -f -c '%a * %S' /) ) - 100 * 1024 * 1024 )) /root/full",
    mend: () => "rm /root/full",
    remedy: /free some space/,
  },
];
