/** Who has to reach a port. */
type Peers = "clients and nodes" | "nodes" | "servers";

/** A port that has to be open on a host. */
export interface RequiredPort {
  /** `6443/tcp`, `2379-2380/tcp`. */
  readonly port: string;
  readonly what: string;
  readonly from: Peers;
}

/** What runs on a host. */
export type HostRole = "k3s server" | "k3s agent" | "kubeadm control plane" | "kubeadm node";

const kubelet: RequiredPort = { port: "10250/tcp", what: "kubelet", from: "nodes" };
const vxlan: RequiredPort = { port: "8472/udp", what: "flannel's VXLAN", from: "nodes" };
const nodePorts: RequiredPort = { port: "30000-32767/tcp", what: "NodePort services", from: "clients and nodes" };

/**
 * Ports that each role asks for, of k3s with its defaults.
 *
 * Sources: https://docs.k3s.io/installation/requirements, https://kubernetes.io/docs/reference/networking/ports-and-protocols/
 */
export const requiredPorts: Readonly<Record<HostRole, readonly RequiredPort[]>> = {
  "k3s server": [{ port: "6443/tcp", what: "API server", from: "clients and nodes" }, kubelet, vxlan],
  "k3s agent": [kubelet, vxlan],
  "kubeadm control plane": [
    { port: "6443/tcp", what: "API server", from: "clients and nodes" },
    { port: "2379-2380/tcp", what: "etcd", from: "servers" },
    kubelet,
    { port: "10257/tcp", what: "controller manager", from: "servers" },
    { port: "10259/tcp", what: "scheduler", from: "servers" },
  ],
  "kubeadm node": [kubelet, { port: "10256/tcp", what: "kube-proxy", from: "nodes" }, nodePorts],
};

/** Ports of k3s that are not those of every server or agent. */
export const etcdPorts: RequiredPort = { port: "2379-2380/tcp", what: "embedded etcd", from: "servers" };

/** Ports of flannel by its backend; `undefined` for one that has no port of its own, such as `host-gw`. */
export const flannelPorts: Readonly<Record<string, readonly string[]>> = {
  vxlan: [vxlan.port],
  "wireguard-native": ["51820/udp", "51821/udp"],
};

/** Ports as a sentence has them: `TCP 6443, 10250; UDP 8472`. */
export function portsText(ports: readonly RequiredPort[]): string {
  const of = (protocol: string) =>
    ports.flatMap(({ port }) =>
      port.endsWith(`/${protocol}`) ? [port.slice(0, port.indexOf("/")).replace("-", " to ")] : [],
    );
  return ["tcp", "udp"]
    .flatMap((protocol) => (of(protocol).length === 0 ? [] : [`${protocol.toUpperCase()} ${of(protocol).join(", ")}`]))
    .join("; ");
}

/** What a cluster needs of a host's firewall. */
export interface Openings {
  /** `6443/tcp`. */
  readonly ports: readonly string[];
  /** Networks of pods and services: `10.42.0.0/16`. */
  readonly networks: readonly string[];
}

/** What a role needs of its host's firewall, with the ports that it has by default. */
export function openingsOf(role: HostRole, networks: readonly string[]): Openings {
  return { ports: requiredPorts[role].map(({ port }) => port), networks };
}
