import { flannelPorts, type HostRole, type Openings, openingsOf } from "../board/prerequisites/ports";
import type { KubeadmConfig } from "./config";

/** What a node of kubeadm needs of its host's firewall: the ports of its role and of flannel, and the networks of pods and services. */
export function kubeadmOpenings(
  { podSubnet, serviceSubnet, cni }: Pick<KubeadmConfig, "podSubnet" | "serviceSubnet" | "cni">,
  role: Extract<HostRole, `kubeadm ${string}`>,
): Openings {
  const { ports, networks } = openingsOf(role, [podSubnet, serviceSubnet]);
  return { networks, ports: [...ports, ...(cni.kind === "flannel" ? (flannelPorts[cni.backend] ?? []) : [])] };
}
