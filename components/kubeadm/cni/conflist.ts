/** Where the node's network is described. The name sorts before what packages bring: a runtime takes the first. */
export const conflistPaths = {
  bridge: "/etc/cni/net.d/10-k3s-board-bridge.conflist",
  flannel: "/etc/cni/net.d/10-flannel.conflist",
} as const;

/** The bridge that pods of a node are on, of both networks. */
export const bridgeName = "cni0";

/** What a network of a node's pods is made from. */
export interface ConflistArgs {
  /** Name of the network. */
  readonly name: string;
  /** The node's part of the pods' network: `10.244.0.0/24`. */
  readonly subnet: string;
  /** Bytes of a packet. Defaults to what the plugin takes. */
  readonly mtu?: number;
  /** Whether packets that leave the pods' network get the node's address: not where flanneld sees to that. */
  readonly ipMasq: boolean;
}

/** The network of a node's pods as CNI has it (plugins bridge, host-local, portmap): what flannel's own plugin would have done, without it. */
export function bridgeConflist({ name, subnet, mtu, ipMasq }: ConflistArgs): string {
  const conflist = {
    cniVersion: "1.0.0",
    name,
    plugins: [
      {
        type: "bridge",
        bridge: bridgeName,
        isDefaultGateway: true,
        hairpinMode: true,
        ipMasq,
        ...(mtu === undefined ? {} : { mtu }),
        ipam: { type: "host-local", ranges: [[{ subnet }]] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(conflist, undefined, 2)}\n`;
}
