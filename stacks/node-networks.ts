import { isInNetwork } from "../components/k3s/configuration/addresses";
import type { ConfigProblem } from "./config";

/** A network of pods or services. */
export interface ClusterNetwork {
  /** Config path of what says it. */
  readonly path: string;
  /** `10.42.0.0/16`, of either family. */
  readonly network: string;
}

/** A node, and where its address is said. */
export interface NodeAddress {
  readonly name: string;
  /** Empty where it is not known. */
  readonly address: string;
  /** Config path. */
  readonly path: string;
}

/** Nodes whose addresses are in the networks of pods or services: the node that has such a packet would take it for a pod's or a service's. */
export function nodesInNetworks(networks: readonly ClusterNetwork[], nodes: readonly NodeAddress[]): ConfigProblem[] {
  return networks.flatMap(({ path, network }) =>
    nodes
      .filter(({ address }) => isInNetwork(address, network))
      .map(({ name, address, path: said }) => ({
        path,
        reason: `${network} has the address ${address} of node ${name} (${said}) in it: choose a network that no node is in`,
      })),
  );
}
