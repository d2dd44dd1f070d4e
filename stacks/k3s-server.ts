import * as pulumi from "@pulumi/pulumi";
import type { BoardConfig } from "../components/board/config";
import type { DirectHosts } from "../components/board/proxy/environment";
import { Hooks } from "../components/hooks/hooks";
import { type AgentConfig, agentConfigWarnings } from "../components/k3s/agent-config";
import { K3sBackup } from "../components/k3s/backup";
import { type ServerConfig, serverConfigWarnings, serverCountWarnings } from "../components/k3s/servers-config";
import { k3sConfigWarnings, skipRemarks } from "../components/k3s/config";
import { dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import { k3sOpenings } from "../components/k3s/openings";
import { K3sServer } from "../components/k3s/server";
import { manifestObjects, Manifests, type ManifestText } from "../components/manifests/manifests";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import type { CheckedBoard } from "./boards";
import type { StackConfig } from "./config";
import { firstNodeBack } from "./first-node";
import { readinessGate } from "./gate";
import { agentToken, joinAgents, joinServers } from "./join";
import { type JoinOutput, joinOutput } from "./join-output";
import { type ClusterMembers, clusterMembers } from "./members";
import { configuredMembers, requireOwnFlags } from "./own-flags";
import { nodePreparation, preparedMembers, type PreparedMember, type PreparedNode } from "./prepared";
import { type FilledRegistry, filledRegistry, readyBoard } from "./ready-board";
import { directHosts, proxiedBoard } from "./proxied";
import { checkedManifests, customCoredns, type UsersObjects, withDeliveredImages } from "./server-manifests";
import { boardsOf, serverAddress, type StackBoards } from "./stack-boards";

/** What a board said of itself. */
export interface BoardOutput {
  readonly hostname: string;
  readonly arch: string;
  readonly kernel: string;
  readonly os: string;
}

/** What a k3s server stack tells. */
export interface K3sServerOutputs {
  /** The administrator's kubeconfig, with an address that works from outside. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** What the server's board said of itself. */
  readonly board: BoardOutput;
  /** What the further servers' boards said of themselves, by the names of their nodes; not there without any. */
  readonly servers?: Readonly<Record<string, BoardOutput>>;
  /** What the agents' boards said of themselves, by the names of their nodes; not there without agents. */
  readonly agents?: Readonly<Record<string, BoardOutput>>;
  /** By what agents of another stack join. Secret. */
  readonly join: pulumi.Output<JoinOutput>;
  /** What the server's board gets under each image's full name: its digest. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * One board as a k3s server, and others as further servers and agents: registry, images, k3s, manifests, the others and the gate at the end.
 *
 * Everything that can be wrong without the boards (configuration, local files, builds) and everything that the boards say of themselves is
 * checked before the first resource is registered: a stack that cannot work touches nothing.
 *
 * @throws Error with every reason why these boards cannot take this configuration.
 */
export async function k3sServerStack(config: StackConfig): Promise<K3sServerOutputs> {
  const prepared = await preparedCluster(config);
  const { boards, members, node, servers, agents } = prepared;
  const first = await firstServer(config, prepared);
  const others = await otherNodes(config, prepared, first);
  const kubeconfig = finished(config, prepared, first, others.nodes);
  return {
    kubeconfig,
    board: boardOutput(config.board.arch, boards.server.facts),
    ...(servers.length === 0 ? {} : { servers: boardOutputs(config.servers, boards.servers) }),
    ...(agents.length === 0 ? {} : { agents: boardOutputs(config.agents, boards.agents) }),
    join: joinOutput(config, { members, direct: first.direct, token: others.token.token, kubeconfig }),
    images: Object.fromEntries(node.images.map(({ name, digest }) => [name, digest])),
  };
}

/** A stack whose boards were looked at and whose nodes' images and programs are ready on this machine. Nothing is registered yet. */
interface PreparedCluster {
  readonly users: UsersObjects;
  readonly boards: StackBoards;
  readonly members: ClusterMembers;
  readonly hooks: Hooks;
  /** What the first server is given. */
  readonly node: PreparedNode;
  readonly servers: readonly PreparedMember<ServerConfig>[];
  readonly agents: readonly PreparedMember<AgentConfig>[];
}

async function preparedCluster(config: StackConfig): Promise<PreparedCluster> {
  const users = checkedManifests(config);
  tellRemarks(config);
  const boards = await boardsOf(config);
  const { connection, facts } = boards.server;
  const factsOf = (checked: Readonly<Record<string, CheckedBoard>>) => mapValues(checked, (one) => one.facts);
  const members = clusterMembers(config, facts, { servers: factsOf(boards.servers), agents: factsOf(boards.agents) });
  const hooks = new Hooks(config.hooks, connection);
  const prepare = nodePreparation(config, [...users.manifests, ...users.workloads]);
  const { source, version } = config.k3s;
  const node = await prepare({
    arch: config.board.arch,
    source,
    sourcePath: "k3s.source",
    version,
    pageSize: facts.pageSize,
  });
  const by = { k3s: config.k3s, prepare };
  const servers = await preparedMembers(config.servers, boards.servers, { section: "servers", ...by });
  const agents = await preparedMembers(config.agents, boards.agents, { section: "agents", ...by });
  const first = { binary: node.binary, arch: config.board.arch, version, config: config.k3s.config } as const;
  await requireOwnFlags([
    { ...first, role: "server", section: "k3s.config" },
    ...configuredMembers("servers", servers, version),
    ...configuredMembers("agents", agents, version),
  ]);
  return { users, boards, members, hooks, node, servers, agents };
}

/** What is right and may surprise. */
function tellRemarks({ k3s, servers, agents }: StackConfig): void {
  const warnings = [
    ...k3sConfigWarnings(k3s),
    ...serverCountWarnings(servers),
    ...serverConfigWarnings(servers, k3s.version),
    ...agentConfigWarnings(agents, k3s.version),
  ];
  for (const warning of warnings) void pulumi.log.warn(warning);
  for (const remark of skipRemarks(k3s)) void pulumi.log.info(remark);
}

/** The first server and what is on its board, as the steps behind it go by. */
interface FirstServer {
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Changes with each reboot of ours. */
  readonly rebooted: pulumi.Output<string> | undefined;
  /** The boot that this reboot ended. */
  readonly formerBoot: pulumi.Output<string> | undefined;
  readonly direct: DirectHosts;
  readonly registry: FilledRegistry;
  readonly server: K3sServer;
  /** The manifests as they are deployed. */
  readonly deployed: readonly ManifestText[];
  readonly manifestFiles: Manifests;
}

/** The first server: its board, its registry with the images, k3s, and the manifests. */
async function firstServer(
  config: StackConfig,
  { users, boards, members, hooks, node, servers }: PreparedCluster,
): Promise<FirstServer> {
  const { arch } = config.board;
  const openings = k3sOpenings(config.k3s, "server", { embeddedEtcd: servers.length > 0 });
  const ready = readyBoard("board", config.board, boards.server.connection, { openings });
  hooks.done(ready.resources);
  const direct = directHosts(config, members);
  const { packageManager } = boards.server.facts;
  const proxied = { role: "server", direct, packageManager } as const;
  const { connection, k3sFiles } = proxiedBoard("board", config.board, proxied, ready.connection);
  const registry = await filledRegistry({ connection, config: config.registry, arch, node, hooks });
  const joining = [...members.servers, ...members.agents];
  const deployed = [
    ...withDeliveredImages(users.manifests, node),
    ...customCoredns(config, [members.server, ...joining], node),
  ];
  const objects = manifestObjects({ connection, manifests: deployed, kubeconfig: k3sPaths.kubeconfig });
  const server = new K3sServer("k3s", {
    connection,
    config: config.k3s,
    ...node,
    kubeconfigServer: serverAddress(config.k3s, config.board),
    otherFiles: k3sFiles,
    clusterInit: servers.length > 0,
    node: members.server.name,
    ...(registry.registry === undefined ? {} : { registry: registry.registry }),
    checks: [...objects.values(), ...hooks.before("k3s")],
    after: registry.resources,
  });
  hooks.done([server]);
  const manifestFiles = new Manifests("manifest", {
    connection,
    manifests: deployed,
    dataDir: dataDirectory(config.k3s),
    objects,
    after: [server, ...hooks.before("manifests")],
  });
  hooks.done([manifestFiles]);
  if (config.k3s.backup !== undefined) new K3sBackup("k3s-backup", { connection, config: config.k3s, after: [server] });
  const { rebooted, formerBoot } = ready;
  return { connection, rebooted, formerBoot, direct, registry, server, deployed, manifestFiles };
}

/** The further servers, then the agents, with the token of these. */
async function otherNodes(
  config: StackConfig,
  { members, hooks, servers, agents }: PreparedCluster,
  { connection, formerBoot, direct, registry, server }: FirstServer,
): Promise<{ readonly nodes: readonly pulumi.Resource[]; readonly token: board.AgentToken }> {
  const back = firstNodeBack(
    "k3s-node",
    {
      connection,
      kubeconfig: k3sPaths.kubeconfig,
      node: members.server.name,
      service: "k3s",
      timeoutSeconds: config.k3s.readyTimeoutSeconds,
      formerBoot,
      joining: servers.length + agents.length,
    },
    server,
  );
  const after = [server, ...back];
  const cluster = { k3s: server, connection, registry, address: members.agentServer, direct, after };
  const joinedServers = await joinServers(config, servers, cluster);
  const forAgents = { ...cluster, after: [...after, ...joinedServers] };
  const token = agentToken(config, forAgents);
  const nodes = [...joinedServers, ...(await joinAgents(config, agents, forAgents, token))];
  hooks.done(nodes);
  return { nodes, token };
}

/** The gate, and what only a cluster that has passed it gives and takes: the kubeconfig and the workloads. */
function finished(
  config: StackConfig,
  { users, members, hooks, node }: PreparedCluster,
  { connection, rebooted, registry, server, deployed, manifestFiles }: FirstServer,
  others: readonly pulumi.Resource[],
): pulumi.Output<string> {
  const ready = readinessGate(config, {
    connection,
    node,
    manifests: deployed,
    joining: [...members.servers, ...members.agents],
    rebooted,
    after: [manifestFiles, server, ...registry.resources, ...others, ...hooks.before("ready")],
  });
  const { kubeconfig } = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: k3sPaths.kubeconfig, server: serverAddress(config.k3s, config.board) },
    { dependsOn: [ready] },
  );
  hooks.done([ready]);
  const deployWorkloads = {
    workloads: withDeliveredImages(users.workloads, node),
    kubeconfig,
    after: [ready, ...hooks.before("workloads")],
  };
  hooks.done(users.workloads.length === 0 ? [] : [new Workloads("workload", deployWorkloads)]);
  hooks.afterAll();
  return kubeconfig;
}

/** What boards said of themselves, by the names of their nodes. */
export function boardOutputs(
  configs: Readonly<Record<string, Pick<BoardConfig, "arch">>>,
  checked: Readonly<Record<string, CheckedBoard>>,
): Record<string, BoardOutput> {
  return mapValues(checked, ({ facts }, name) => boardOutput(configs[name]?.arch ?? "", facts));
}

function boardOutput(arch: string, { hostname, kernel, os }: board.Facts): BoardOutput {
  return { hostname, arch, kernel, os };
}

/** An object with other values under the same names. */
export function mapValues<Value, Result>(
  object: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
