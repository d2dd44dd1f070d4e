import type { Facts } from "../provider";
import type { StackConfig } from "./config";

/** A node as the others know it. */
export interface ClusterMember {
  /** Name of the node. */
  readonly name: string;
  /** Address within the cluster. */
  readonly address: string;
}

/** The server as a node: k3s takes the host's name in lower case unless it is told another one. */
export function serverMember({ k3s, board }: Pick<StackConfig, "k3s" | "board">, facts: Facts): ClusterMember {
  const given = k3s.config["node-name"];
  const name = typeof given === "string" ? given : (board.prerequisites?.hostname ?? facts.hostname.toLowerCase());
  return { name, address: facts.address };
}
