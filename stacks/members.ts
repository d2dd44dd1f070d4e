import { agentServer, nodeAddress } from "../components/k3s/configuration/files";
import type { Facts } from "../provider";
import { ConfigError, type ConfigProblem, type StackConfig } from "./config";

/** A node as the others know it. */
export interface ClusterMember {
  /** Name of the node. */
  readonly name: string;
  /** Address within the cluster. */
  readonly address: string;
}

/** The nodes of a stack's cluster. */
export interface ClusterMembers {
  readonly server: ClusterMember;
  readonly agents: readonly ClusterMember[];
  /** Where agents reach the server: `https://192.0.2.7:6443`. */
  readonly agentServer: string;
}

/** The server as a node: k3s takes the host's name in lower case unless it is told another one. */
function serverMember({ k3s, board }: StackConfig, facts: Facts): ClusterMember {
  const given = k3s.config["node-name"];
  const name = typeof given === "string" ? given : (board.prerequisites?.hostname ?? facts.hostname.toLowerCase());
  return { name, address: nodeAddress(k3s, "server") ?? facts.address };
}

/**
 * Who is in the cluster.
 *
 * @param facts - of the server's board.
 * @param agentFacts - of each agent's board.
 * @throws ConfigError where two nodes would have one name or one address.
 */
export function clusterMembers(
  config: StackConfig,
  facts: Facts,
  agentFacts: Readonly<Record<string, Facts>>,
): ClusterMembers {
  const { agents, k3s } = config;
  const server = serverMember(config, facts);
  const members = Object.entries(agents).map(([name, agent]) => ({
    name,
    address: nodeAddress({ version: k3s.version, config: agent.config }, "agent") ?? agentFacts[name]?.address ?? "",
  }));
  const problems = [...sameName(server, members), ...sameAddress(server, members), ...noServer(config, server)];
  if (problems.length > 0) throw new ConfigError(problems);
  return { server, agents: members, agentServer: agentServer(k3s, server.address) };
}

function sameName(server: ClusterMember, agents: readonly ClusterMember[]): ConfigProblem[] {
  return agents.flatMap(({ name }) =>
    name === server.name ? [{ path: `agents.${name}`, reason: "is the name of the server's node" }] : [],
  );
}

function sameAddress(server: ClusterMember, agents: readonly ClusterMember[]): ConfigProblem[] {
  const owners = new Map([[server.address, "the server"]]);
  return agents.flatMap(({ name, address }) => {
    const owner = owners.get(address);
    if (owner === undefined) {
      owners.set(address, name);
      return [];
    }
    const advice = "say with node-ip (and k3s.config.node-ip of the server) at which address the nodes see each other";
    const reason = `its board's address ${address || "(none)"} is that of ${owner} too: ${advice}`;
    return [{ path: `agents.${name}.config.node-ip`, reason }];
  });
}

function noServer({ agents, k3s }: StackConfig, server: ClusterMember): ConfigProblem[] {
  if (Object.keys(agents).length === 0 || server.address !== "" || k3s.agentServer !== undefined) return [];
  return [
    { path: "k3s.agentServer", reason: "is needed: the server's board has no default route that tells its address" },
  ];
}
