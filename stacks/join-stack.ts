import * as pulumi from "@pulumi/pulumi";
import { agentConfigWarnings } from "../components/k3s/agent-config";
import { type JoinConfig, type JoinedServer, parseJoinOutput } from "../components/k3s/join-config";
import type { ClusterAccess, Joining } from "../components/k3s/member";
import { registryFileProblems } from "../components/registry/files";
import { registryEndpoint } from "../components/registry/registry";
import { withServer } from "../provider/kubernetes/kubeconfig";
import { agentSkewProblem } from "../provider/kubernetes/version-skew";
import { ConfigError, type ConfigProblem } from "./config";
import { agentsOf } from "./join";
import type { JoinStackConfig } from "./join-config";
import { type BoardOutput, boardOutputs, mapValues } from "./k3s-server";
import { joiningMembers, sameAddress } from "./members";
import { configuredMembers, requireOwnFlags } from "./own-flags";
import { nodePreparation, preparedMembers } from "./prepared";
import { agentBoardsOf } from "./stack-boards";

/** What a stack of agents tells. */
export interface JoinStackOutputs {
  /** What the agents' boards said of themselves, by the names of their nodes. */
  readonly agents: Readonly<Record<string, BoardOutput>>;
  /** What each agent's board gets under each image's full name: its digest. */
  readonly images: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Boards as agents of a cluster whose server is another stack's, or nobody's. Everything that can be wrong is found before the first resource is
 * registered, as with a server's stack.
 *
 * @throws ConfigError where the cluster cannot be joined so; Error with every reason why these boards cannot take this configuration.
 */
export async function joinStack(config: JoinStackConfig): Promise<JoinStackOutputs> {
  const { k3s, agents } = config;
  for (const warning of agentConfigWarnings(agents, k3s.version)) void pulumi.log.warn(warning);
  const unread = registryFileProblems(config.registry);
  if (unread.length > 0) throw new ConfigError(unread);
  const cluster = await joinedServer(config.join);
  const skew = versionProblems(config, cluster);
  if (skew.length > 0) throw new ConfigError(skew);
  const checked = await agentBoardsOf(config);
  const members = joiningMembers(
    "agents",
    agents,
    k3s,
    mapValues(checked, ({ facts }) => facts),
  );
  const twice = [...sameNames(cluster, agents), ...sameAddress(cluster.nodes, members)];
  if (twice.length > 0) throw new ConfigError(twice);
  const prepare = nodePreparation(config, []);
  const prepared = await preparedMembers(agents, checked, { section: "agents", k3s, prepare });
  await requireOwnFlags(configuredMembers("agents", prepared, k3s.version));
  const direct = {
    networks: cluster.networks,
    clusterDomain: cluster.clusterDomain,
    nodes: [...cluster.nodes, ...members].flatMap(({ address, name }) => [address, name]),
    server: new URL(cluster.server).hostname,
    ...(config.registry === undefined ? {} : { registry: new URL(registryEndpoint(config.registry).url).hostname }),
  };
  await agentsOf(config, prepared, { address: cluster.server, registry: undefined, direct, after: [] }, (connection) =>
    joiningTo(cluster, connection),
  );
  return {
    agents: boardOutputs(agents, checked),
    images: Object.fromEntries(
      prepared.map(({ name, node }) => [
        name,
        Object.fromEntries(node.images.map((image) => [image.name, image.digest])),
      ]),
    ),
  };
}

/** The cluster that is joined: as the configuration says, or by the output of the server's stack. */
async function joinedServer(join: JoinConfig): Promise<JoinedServer> {
  if (!("stack" in join)) return join;
  const reference = new pulumi.StackReference("join", { name: join.stack });
  const details = await reference.getOutputDetails("join");
  const cluster = parseJoinOutput(details.secretValue ?? details.value);
  if (cluster !== undefined) return cluster;
  throw new ConfigError([
    {
      path: "join.stack",
      reason: `stack ${join.stack} has no output join by which agents could join: run up there first`,
    },
  ]);
}

/** How an agent joins. The API is asked from its own board, which has to reach the server anyway. */
function joiningTo(cluster: JoinedServer, connection: ClusterAccess["connection"]): Joining {
  const { server, token, kubeconfig } = cluster;
  return {
    server,
    token: pulumi.secret(token),
    ...(kubeconfig === undefined
      ? {}
      : { cluster: { connection, kubeconfig: pulumi.secret(withServer(kubeconfig, server)) } }),
  };
}

function versionProblems({ k3s, agents }: JoinStackConfig, { version: servers }: JoinedServer): ConfigProblem[] {
  const ofStack = Object.values(agents).some(({ version }) => version === undefined)
    ? [{ path: "k3s.version", version: k3s.version }]
    : [];
  const ofAgents = Object.entries(agents).flatMap(([name, { version }]) =>
    version === undefined ? [] : [{ path: `agents.${name}.version`, version }],
  );
  return [...ofStack, ...ofAgents].flatMap(({ path, version }) => {
    const reason = agentSkewProblem(version, servers);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

function sameNames({ nodes }: JoinedServer, agents: Readonly<Record<string, unknown>>): ConfigProblem[] {
  return nodes.flatMap(({ name }) =>
    name in agents ? [{ path: `agents.${name}`, reason: "is the name of a node of the server's stack" }] : [],
  );
}
