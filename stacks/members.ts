import type { K3sConfig } from "../components/k3s/config";
import { agentServer, nodeAddress, stackConfiguration } from "../components/k3s/configuration/files";
import type { Role } from "../components/k3s/configuration/flags";
import type { Facts } from "../provider";
import { ConfigError, type ConfigProblem, type StackConfig } from "./config";
import { nodesInNetworks, type ClusterNetwork } from "./node-networks";

/** A node as the others know it. */
export interface ClusterMember {
  /** Name of the node. */
  readonly name: string;
  /** Address within the cluster. */
  readonly address: string;
}

/** A node that joins, and the config path of what is said of it. */
export interface JoiningMember extends ClusterMember {
  readonly path: string;
}

/** The nodes of a stack's cluster. */
export interface ClusterMembers {
  /** The first server, which is `board`. */
  readonly server: ClusterMember;
  /** The further servers. */
  readonly servers: readonly ClusterMember[];
  readonly agents: readonly ClusterMember[];
  /** Where nodes that join reach the first server: `https://192.0.2.7:6443`. */
  readonly agentServer: string;
}

/** The server as a node: k3s takes the host's name unless it is told another one, and either in lower case. */
function serverMember({ k3s, board }: StackConfig, facts: Facts): ClusterMember {
  const given = stackConfiguration(k3s).settings.get("node-name")?.values[0];
  const name =
    given !== undefined ? given.toLowerCase() : (board.prerequisites?.hostname ?? facts.hostname.toLowerCase());
  return { name, address: nodeAddress(k3s, "server") ?? facts.address };
}

/**
 * The nodes of a section, where each is.
 *
 * @param section - its name: `agents`.
 * @param facts - of each node's board.
 */
export function joiningMembers(
  section: "agents" | "servers",
  configs: Readonly<Record<string, { readonly config: Readonly<Record<string, unknown>> }>>,
  { version }: Pick<K3sConfig, "version">,
  facts: Readonly<Record<string, Facts>>,
): readonly JoiningMember[] {
  const role: Role = section === "agents" ? "agent" : "server";
  return Object.entries(configs).map(([name, { config }]) => ({
    name,
    address: nodeAddress({ version, config }, role) ?? facts[name]?.address ?? "",
    path: `${section}.${name}`,
  }));
}

/**
 * Who is in the cluster.
 *
 * @param facts - of the first server's board.
 * @param others - of each further server's and each agent's board.
 * @throws ConfigError where two nodes would have one name or one address, or one has an address in the networks of pods or services.
 */
export function clusterMembers(
  config: StackConfig,
  facts: Facts,
  others: Readonly<Record<"servers" | "agents", Readonly<Record<string, Facts>>>>,
): ClusterMembers {
  const { k3s } = config;
  const server = serverMember(config, facts);
  const servers = joiningMembers("servers", config.servers, k3s, others.servers);
  const agents = joiningMembers("agents", config.agents, k3s, others.agents);
  const joining = [...servers, ...agents];
  const problems = [
    ...sameName(server, joining),
    ...sameAddress([{ ...server, name: "the server" }], joining),
    ...noServer(config, server, joining),
    ...nodesInNetworks(clusterNetworks(config), [
      { ...server, path: nodeIp.server },
      ...joining.map(({ path, ...node }) => ({ ...node, path: `${path}.${nodeIp.member}` })),
    ]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { server, servers, agents, agentServer: agentServer(k3s, server.address) };
}

/** Nodes that would have one name with the first server's. */
export function sameName(server: ClusterMember, joining: readonly JoiningMember[]): ConfigProblem[] {
  return joining.flatMap(({ name, path }) =>
    name === server.name ? [{ path, reason: "is the name of the server's node" }] : [],
  );
}

/** Where a distribution is told at which address nodes see each other. */
export interface AddressKey {
  /** Below a node that joins. */
  readonly member: string;
  /** Config path of the first server's. */
  readonly server: string;
}

const nodeIp: AddressKey = { member: "config.node-ip", server: "k3s.config.node-ip" };

/**
 * Nodes that would have one address with another one.
 *
 * @param known - nodes that are not of these sections.
 * @param key - where addresses are said. Defaults to k3s's keys.
 */
export function sameAddress(
  known: readonly ClusterMember[],
  joining: readonly JoiningMember[],
  key: AddressKey = nodeIp,
): ConfigProblem[] {
  const said = key.member.slice(key.member.lastIndexOf(".") + 1);
  const owners = new Map(known.map(({ address, name }) => [address, name]));
  return joining.flatMap(({ name, address, path }) => {
    const owner = owners.get(address);
    if (owner === undefined) {
      owners.set(address, name);
      return [];
    }
    const advice = `say with ${said} (and ${key.server} of the server) at which address the nodes see each other`;
    const reason = `its board's address ${address || "(none)"} is that of ${owner} too: ${advice}`;
    return [{ path: `${path}.${key.member}`, reason }];
  });
}

function noServer({ k3s }: StackConfig, server: ClusterMember, joining: readonly JoiningMember[]): ConfigProblem[] {
  if (joining.length === 0 || server.address !== "" || k3s.agentServer !== undefined) return [];
  return [
    { path: "k3s.agentServer", reason: "is needed: the server's board has no default route that tells its address" },
  ];
}

/** The networks of pods and services, of both families where there are. */
function clusterNetworks({ k3s }: Pick<StackConfig, "k3s">): ClusterNetwork[] {
  const { settings } = stackConfiguration(k3s);
  return ["cluster-cidr", "service-cidr"].flatMap((key) =>
    (settings.get(key)?.values ?? []).map((network) => ({ path: `k3s.config.${key}`, network })),
  );
}
