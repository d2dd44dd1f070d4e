import type * as pulumi from "@pulumi/pulumi";
import { K3sAgent } from "../components/k3s/agent";
import { dataDirectory } from "../components/k3s/configuration/files";
import { k3sOpenings } from "../components/k3s/openings";
import type { K3sServer } from "../components/k3s/server";
import type { DirectHosts } from "../components/board/proxy/environment";
import { isOnLoopback } from "../components/registry/config";
import * as board from "../provider";
import type { CheckedBoard } from "./boards";
import type { StackConfig } from "./config";
import { proxiedBoard } from "./proxied";
import type { PreparedNode } from "./prepared";
import { type FilledRegistry, filledRegistry, readyBoard } from "./ready-board";

/** An agent of the configuration, ready to be made. */
export interface PreparedAgent {
  /** Name of its node. */
  readonly name: string;
  readonly checked: CheckedBoard;
  readonly node: PreparedNode;
}

/** What {@link joinAgents} goes by. */
export interface AgentsArgs {
  readonly agents: readonly PreparedAgent[];
  readonly server: {
    readonly k3s: K3sServer;
    readonly connection: pulumi.Input<board.ConnectionArgs>;
    readonly registry: FilledRegistry;
    /** Address of the server for agents. */
    readonly address: string;
    /** What the cluster asks without a proxy. */
    readonly direct: DirectHosts;
  };
}

/**
 * The agents of a stack, one after the other: each starts, or restarts, when the one before is Ready, so that a change that breaks a node leaves the
 * others alone.
 */
export async function joinAgents(config: StackConfig, { agents, server }: AgentsArgs): Promise<K3sAgent[]> {
  if (agents.length === 0) return [];
  const { connection: cluster, address, direct } = server;
  const token = new board.AgentToken(
    "agent-token",
    { connection: cluster, dataDir: dataDirectory(config.k3s) },
    { dependsOn: [server.k3s] },
  );
  const joined: K3sAgent[] = [];
  for (const agent of agents) {
    const previous = joined.at(-1);
    const beforeStart = [server.k3s, ...(previous === undefined ? [] : [previous.node])];
    const joining = { server: address, token: token.token, cluster };
    joined.push(await joinAgent(config, agent, { joining, beforeStart, shared: server.registry, direct }));
  }
  return joined;
}

interface JoinArgs {
  readonly joining: ConstructorParameters<typeof K3sAgent>[1]["joining"];
  readonly beforeStart: readonly pulumi.Resource[];
  /** The server's registry. */
  readonly shared: FilledRegistry;
  readonly direct: DirectHosts;
}

async function joinAgent(
  config: StackConfig,
  { name, checked, node }: PreparedAgent,
  { joining, beforeStart, shared, direct }: JoinArgs,
): Promise<K3sAgent> {
  const agent = config.agents[name];
  if (agent === undefined) throw new Error(`there is no agent ${name}`);
  const prefix = `agent-${name}-`;
  const { connection: reached } = readyBoard(
    `agent-${name}`,
    agent,
    checked.connection,
    k3sOpenings(config.k3s, "agent"),
  );
  const { connection, k3sFiles } = proxiedBoard(
    `agent-${name}`,
    agent,
    { role: "agent", direct, packageManager: checked.facts.packageManager },
    reached,
  );
  // a registry on a board's loopback is that board's only: the agent has one like it, with the same images
  const isShared = config.registry === undefined || !isOnLoopback(config.registry);
  const { registry, resources } = isShared
    ? shared
    : await filledRegistry({ connection, config: config.registry, arch: agent.arch, node, prefix });
  return new K3sAgent(`agent-${name}`, {
    ...node,
    connection,
    node: name,
    config: agent,
    k3s: config.k3s,
    joining,
    ...(registry === undefined ? {} : { registry }),
    after: resources,
    beforeStart,
    otherFiles: k3sFiles,
  });
}
