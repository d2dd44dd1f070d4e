import * as pulumi from "@pulumi/pulumi";
import { Hooks } from "../components/hooks/hooks";
import { agentConfigWarnings } from "../components/k3s/agent-config";
import { k3sConfigWarnings, skipRemarks } from "../components/k3s/config";
import { dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import { K3sServer } from "../components/k3s/server";
import { manifestObjects, Manifests } from "../components/manifests/manifests";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import { joinAgents, type PreparedAgent } from "./agents";
import type { StackConfig } from "./config";
import { readinessGate } from "./gate";
import { clusterMembers } from "./members";
import { nodePreparation } from "./prepared";
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
  /** What the agents' boards said of themselves, by the names of their nodes; not there without agents. */
  readonly agents?: Readonly<Record<string, BoardOutput>>;
  /** What the server's board gets under each image's full name: its digest. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * One board as a k3s server, and others as its agents: registry, images, k3s, manifests, agents and the gate at the end.
 *
 * Everything that can be wrong without the boards (configuration, local files, builds) and everything that the boards say of themselves is
 * checked before the first resource is registered: a stack that cannot work touches nothing.
 *
 * @throws Error with every reason why these boards cannot take this configuration.
 */
export async function k3sServerStack(config: StackConfig): Promise<K3sServerOutputs> {
  const { manifests, workloads } = checkedManifests(config);
  const warnings = [...k3sConfigWarnings(config.k3s), ...agentConfigWarnings(config.agents, config.k3s.version)];
  for (const warning of warnings) void pulumi.log.warn(warning);
  for (const remark of skipRemarks(config.k3s)) void pulumi.log.info(remark);
  const { server: checked, agents: checkedAgents } = await boardsOf(config);
  const { facts } = checked;
  const members = clusterMembers(
    config,
    facts,
    mapValues(checkedAgents, (agent) => agent.facts),
  );
  const hooks = new Hooks(config.hooks, checked.connection);
  const prepare = nodePreparation(config, [...manifests, ...workloads]);
  const { arch } = config.board;
  const node = await prepare({ arch, source: config.k3s.source, pageSize: facts.pageSize });
  const agents: PreparedAgent[] = [];
  for (const [name, agent] of Object.entries(config.agents)) {
    const ofAgent = checkedAgents[name];
    if (ofAgent === undefined) continue;
    const kind = { arch: agent.arch, source: agent.source ?? config.k3s.source, pageSize: ofAgent.facts.pageSize };
    agents.push({ name, checked: ofAgent, node: await prepare(kind) });
  }

  const { connection: reached, rebooted, resources: ofBoard } = readyBoard("board", config.board, checked.connection);
  hooks.done(ofBoard);
  const direct = directHosts(config, members);
  const { connection, k3sFiles } = proxiedBoard("board", config.board, { role: "server", direct }, reached);
  const filled = await filledRegistry({ connection, config: config.registry, arch, node, hooks });
  const { registry } = filled;
  const deployed = [
    ...withDeliveredImages(manifests, node),
    ...customCoredns(config, [members.server, ...members.agents], node),
  ];
  const objects = manifestObjects({ connection, manifests: deployed, kubeconfig: k3sPaths.kubeconfig });
  const kubeconfigServer = serverAddress(config);
  const server = new K3sServer("k3s", {
    connection,
    config: config.k3s,
    ...node,
    kubeconfigServer,
    otherFiles: k3sFiles,
    // an agent that is not Ready is no reason to take a change of the server back
    ...(agents.length === 0 ? {} : { node: members.server.name }),
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
  const joined = await joinAgents(config, {
    agents,
    server: { k3s: server, connection, registry: filled, address: members.agentServer, direct },
  });
  hooks.done(joined);
  const ready = readinessGate(config, {
    connection,
    node,
    manifests: deployed,
    agents: members.agents,
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
    ...(agents.length === 0
      ? {}
      : {
          agents: mapValues(checkedAgents, (agent, name) => boardOutput(config.agents[name]?.arch ?? "", agent.facts)),
        }),
    images: Object.fromEntries(node.images.map(({ name, digest }) => [name, digest])),
  };
}

function boardOutput(arch: string, { hostname, kernel, os }: board.Facts): BoardOutput {
  return { hostname, arch, kernel, os };
}

function mapValues<Value, Result>(
  object: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
