import * as pulumi from "@pulumi/pulumi";
import type { BoardConfig } from "../components/board/config";
import { Hooks } from "../components/hooks/hooks";
import { agentConfigWarnings } from "../components/k3s/agent-config";
import { K3sBackup } from "../components/k3s/backup";
import { serverCountWarnings } from "../components/k3s/servers-config";
import { k3sConfigWarnings, skipRemarks } from "../components/k3s/config";
import { dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import { k3sOpenings } from "../components/k3s/openings";
import { K3sServer } from "../components/k3s/server";
import { manifestObjects, Manifests } from "../components/manifests/manifests";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import type { CheckedBoard } from "./boards";
import type { StackConfig } from "./config";
import { readinessGate } from "./gate";
import { agentToken, joinAgents, joinServers } from "./join";
import { type JoinOutput, joinOutput } from "./join-output";
import { clusterMembers } from "./members";
import { nodePreparation, preparedMembers } from "./prepared";
import { filledRegistry, readyBoard } from "./ready-board";
import { directHosts, proxiedBoard } from "./proxied";
import { checkedManifests, customCoredns, withDeliveredImages } from "./server-manifests";
import { boardsOf, serverAddress } from "./stack-boards";

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
  const { manifests, workloads } = checkedManifests(config);
  const warnings = [
    ...k3sConfigWarnings(config.k3s),
    ...serverCountWarnings(config.servers),
    ...agentConfigWarnings(config.agents, config.k3s.version),
  ];
  for (const warning of warnings) void pulumi.log.warn(warning);
  for (const remark of skipRemarks(config.k3s)) void pulumi.log.info(remark);
  const { server: checked, servers: checkedServers, agents: checkedAgents } = await boardsOf(config);
  const { facts } = checked;
  const members = clusterMembers(config, facts, {
    servers: mapValues(checkedServers, (server) => server.facts),
    agents: mapValues(checkedAgents, (agent) => agent.facts),
  });
  const hooks = new Hooks(config.hooks, checked.connection);
  const prepare = nodePreparation(config, [...manifests, ...workloads]);
  const { arch } = config.board;
  const { source, version } = config.k3s;
  const node = await prepare({ arch, source, version, pageSize: facts.pageSize });
  const servers = await preparedMembers(config.servers, checkedServers, { k3s: config.k3s, prepare });
  const agents = await preparedMembers(config.agents, checkedAgents, { k3s: config.k3s, prepare });
  const joining = [...members.servers, ...members.agents];

  const {
    connection: reached,
    rebooted,
    resources: ofBoard,
  } = readyBoard(
    "board",
    config.board,
    checked.connection,
    k3sOpenings(config.k3s, "server", { embeddedEtcd: servers.length > 0 }),
  );
  hooks.done(ofBoard);
  const direct = directHosts(config, members);
  const { connection, k3sFiles } = proxiedBoard(
    "board",
    config.board,
    { role: "server", direct, packageManager: facts.packageManager },
    reached,
  );
  const filled = await filledRegistry({ connection, config: config.registry, arch, node, hooks });
  const { registry } = filled;
  const deployed = [
    ...withDeliveredImages(manifests, node),
    ...customCoredns(config, [members.server, ...joining], node),
  ];
  const objects = manifestObjects({ connection, manifests: deployed, kubeconfig: k3sPaths.kubeconfig });
  const kubeconfigServer = serverAddress(config.k3s, config.board);
  const server = new K3sServer("k3s", {
    connection,
    config: config.k3s,
    ...node,
    kubeconfigServer,
    otherFiles: k3sFiles,
    clusterInit: servers.length > 0,
    // another node that is not Ready is no reason to take a change of the server back
    ...(joining.length === 0 ? {} : { node: members.server.name }),
    ...(config.k3s.drain ? { drainedNode: members.server.name } : {}),
    ...(registry === undefined ? {} : { registry }),
    checks: [...objects.values(), ...hooks.before("k3s")],
    after: filled.resources,
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
  const cluster = {
    k3s: server,
    connection,
    registry: filled,
    address: members.agentServer,
    direct,
    after: [server],
  };
  const joinedServers = await joinServers(config, servers, cluster);
  const forAgents = { ...cluster, after: [server, ...joinedServers] };
  const token = agentToken(config, forAgents);
  const joined = [...joinedServers, ...(await joinAgents(config, agents, forAgents, token))];
  hooks.done(joined);
  const ready = readinessGate(config, {
    connection,
    node,
    manifests: deployed,
    joining,
    rebooted,
    after: [manifestFiles, server, ...filled.resources, ...joined, ...hooks.before("ready")],
  });
  const kubeconfig = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: k3sPaths.kubeconfig, server: kubeconfigServer },
    { dependsOn: [ready] },
  );
  hooks.done([ready]);
  const deployWorkloads = {
    workloads: withDeliveredImages(workloads, node),
    kubeconfig: kubeconfig.kubeconfig,
    after: [ready, ...hooks.before("workloads")],
  };
  hooks.done(workloads.length === 0 ? [] : [new Workloads("workload", deployWorkloads)]);
  hooks.afterAll();
  return {
    kubeconfig: kubeconfig.kubeconfig,
    board: boardOutput(arch, facts),
    ...(servers.length === 0 ? {} : { servers: boardOutputs(config.servers, checkedServers) }),
    ...(agents.length === 0 ? {} : { agents: boardOutputs(config.agents, checkedAgents) }),
    join: joinOutput(config, { members, direct, token: token.token, kubeconfig: kubeconfig.kubeconfig }),
    images: Object.fromEntries(node.images.map(({ name, digest }) => [name, digest])),
  };
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
