import * as pulumi from "@pulumi/pulumi";
import { K3sAgent } from "../components/k3s/agent";
import type { AgentConfig } from "../components/k3s/agent-config";
import { dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import type { Role } from "../components/k3s/configuration/flags";
import { K3sJoinedServer } from "../components/k3s/joined-server";
import type { Joining, MemberArgs } from "../components/k3s/member";
import { k3sOpenings } from "../components/k3s/openings";
import type { K3sServer } from "../components/k3s/server";
import type { DirectHosts } from "../components/board/proxy/environment";
import type { ServerConfig } from "../components/k3s/servers-config";
import * as board from "../provider";
import type { StackConfig } from "./config";
import { proxiedBoard } from "./proxied";
import type { PreparedMember } from "./prepared";
import { type FilledRegistry, nodeRegistry, readyBoard } from "./ready-board";
import { serverAddress } from "./stack-boards";

/** What nodes join. */
export interface JoinedCluster {
  /** Address of the first server for nodes that join. */
  readonly address: string;
  /** The registry that nodes share with the first server, where they reach it; `undefined` where that is not this stack's. */
  readonly registry: FilledRegistry | undefined;
  /** What the cluster asks without a proxy. */
  readonly direct: DirectHosts;
  /** What a node waits for before it starts, and before its board reboots. */
  readonly after: readonly pulumi.Resource[];
}

/** The cluster whose first server is in this stack. */
export interface OwnCluster extends JoinedCluster {
  readonly k3s: K3sServer;
  readonly connection: pulumi.Input<board.ConnectionArgs>;
}

/** What of a stack its nodes go by. */
export type MemberSections = Pick<StackConfig, "k3s" | "registry">;

/**
 * The further servers of a stack, one after the other: each starts, restarts, or reboots with its board, when the one before votes in etcd and is Ready.
 *
 * @returns the nodes, Ready.
 */
export async function joinServers(
  config: MemberSections,
  servers: readonly PreparedMember<ServerConfig>[],
  cluster: OwnCluster,
): Promise<pulumi.Resource[]> {
  if (servers.length === 0) return [];
  const token = new board.ServerToken("server-token", tokenArgs(config, cluster), { dependsOn: [cluster.k3s] });
  const joining = () => joiningBy(cluster, token);
  return oneAfterTheOther(config, servers, cluster, { role: "server", joining }, (name, member, args) => {
    const kubeconfigServer = serverAddress(config.k3s, member.config);
    return new K3sJoinedServer(name, { ...args, config: member.config, kubeconfigServer });
  });
}

/**
 * The agents of a stack, one after the other: each starts, restarts, or reboots with its board, when the one before is Ready, so that a change that
 * breaks a node leaves the others alone.
 *
 * @returns the nodes, Ready.
 */
export function joinAgents(
  config: MemberSections,
  agents: readonly PreparedMember<AgentConfig>[],
  cluster: OwnCluster,
  token: board.AgentToken,
): Promise<pulumi.Resource[]> {
  return agentsOf(config, agents, cluster, () => joiningBy(cluster, token));
}

/** How a node joins, by the connection to its own board. */
export type HowToJoin = (connection: pulumi.Output<board.ConnectionArgs>) => Joining;

/** The agents of a stack, as {@link joinAgents}, whatever cluster it is that they join. */
export function agentsOf(
  config: MemberSections,
  agents: readonly PreparedMember<AgentConfig>[],
  cluster: JoinedCluster,
  joining: HowToJoin,
): Promise<pulumi.Resource[]> {
  return oneAfterTheOther(config, agents, cluster, { role: "agent", joining }, (name, member, args) => {
    const version = member.config.version ?? config.k3s.version;
    return new K3sAgent(name, { ...args, config: member.config, version });
  });
}

/** The agents' token, as the first server has it; read again once no server has another one to start with. */
export function agentToken(config: MemberSections, cluster: OwnCluster): board.AgentToken {
  return new board.AgentToken("agent-token", tokenArgs(config, cluster), { dependsOn: [...cluster.after] });
}

function joiningBy({ address, connection }: OwnCluster, { token }: { readonly token: pulumi.Output<string> }): Joining {
  return { server: address, token, cluster: { connection, kubeconfig: k3sPaths.kubeconfig } };
}

/** Where a token is read, and what of the configuration makes it another one. */
function tokenArgs({ k3s }: MemberSections, { connection }: OwnCluster): board.JoinTokenArgs {
  const { "agent-token": forAgents } = k3s.config;
  const configured = [k3s.token, forAgents].filter((token) => typeof token === "string");
  return { connection, dataDir: dataDirectory(k3s), configured: configured.join(" ") };
}

async function oneAfterTheOther<Config extends AgentConfig | ServerConfig>(
  config: MemberSections,
  members: readonly PreparedMember<Config>[],
  cluster: JoinedCluster,
  { role, joining }: { readonly role: Role; readonly joining: HowToJoin },
  make: (name: string, member: PreparedMember<Config>, args: MemberArgs) => { readonly node: pulumi.Resource },
): Promise<pulumi.Resource[]> {
  const nodes: pulumi.Resource[] = [];
  for (const member of members) {
    const name = `${role}-${member.name}`;
    const { connection: onBoard, facts } = member.checked;
    const openings = k3sOpenings(config.k3s, role, { embeddedEtcd: role === "server" });
    const previous = nodes.slice(-1);
    // one board at a time is down: a server's that reboots beside another one's would take etcd its majority
    const beforeReboot = [...cluster.after, ...previous];
    const { cluster: access } = joining(pulumi.secret(onBoard));
    const ready = readyBoard(name, member.config, onBoard, {
      openings,
      beforeReboot,
      ...(access === undefined ? {} : { cluster: { ...access, node: member.name } }),
    });
    const proxied = { role, direct: cluster.direct, packageManager: facts.packageManager };
    const { connection, k3sFiles } = proxiedBoard(name, member.config, proxied, ready.connection);
    const { registry, resources } = await nodeRegistry({
      connection,
      config: config.registry,
      arch: member.config.arch,
      node: member.node,
      prefix: `${name}-`,
      shared: cluster.registry,
    });
    const made = make(name, member, {
      ...member.node,
      connection,
      node: member.name,
      k3s: config.k3s,
      joining: joining(connection),
      ...(registry === undefined ? {} : { registry }),
      after: resources,
      beforeStart: [...cluster.after, ...previous],
      formerBoot: ready.formerBoot,
      otherFiles: k3sFiles,
    });
    nodes.push(made.node);
  }
  return nodes;
}
