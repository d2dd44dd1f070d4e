/** The network's configuration. The runtime takes the first file of the directory, so it comes before others. */
export const bridgePath = "/etc/cni/net.d/10-k3s-board-bridge.conflist";

/** A bridge on the node, with addresses of its own and ports of the host where pods ask for them. */
export function bridgeConflist(podSubnet: string): string {
  return `${JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: "k3s-board-bridge",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          ipMasq: true,
          hairpinMode: true,
          ipam: { type: "host-local", ranges: [[{ subnet: podSubnet }]], routes: [{ dst: "0.0.0.0/0" }] },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    },
    undefined,
    2,
  )}\n`;
}
