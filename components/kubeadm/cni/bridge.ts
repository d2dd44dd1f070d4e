import { conflist } from "./conflist";

/** The network's configuration. The runtime takes the first file of the directory: what an earlier cluster left there shall not be it. */
export const bridgePath = "/etc/cni/net.d/00-k3s-board-bridge.conflist";

/** A bridge on the node, with addresses of its own and ports of the host where pods ask for them. */
export function bridgeConflist(podSubnet: string): string {
  return conflist({ name: "k3s-board-bridge", subnet: podSubnet, ipMasq: true });
}
