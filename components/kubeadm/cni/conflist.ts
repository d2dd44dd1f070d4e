/** What the network of a node's pods is made from. */
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

/** The network of a node's pods as CNI has it: a bridge, with addresses of its own and ports of the host where pods ask for them. */
export function conflist({ name, subnet, mtu, ipMasq }: ConflistArgs): string {
  return `${JSON.stringify(
    {
      cniVersion: "1.0.0",
      name,
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          ipMasq,
          hairpinMode: true,
          ...(mtu === undefined ? {} : { mtu }),
          ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    },
    undefined,
    2,
  )}\n`;
}
