import type * as pulumi from "@pulumi/pulumi";
import type { AgentConfig } from "../components/k3s/agent-config";
import { adminKubeconfig, apiServer, type NodeIdentity } from "../components/kubeadm/configuration";
import { kubeadmOpenings } from "../components/kubeadm/openings";
import { KubeadmWorker } from "../components/kubeadm/worker";
import type * as board from "../provider";
import type { CheckedBoard } from "./boards";
import type { KubeadmStackConfig } from "./config";
import type { KubeadmMembers } from "./kubeadm-members";
import type { PreparedKubeadmNode } from "./kubeadm-nodes";
import { proxiedKubeadmBoard } from "./proxied";
import { type FilledRegistry, nodeRegistry, readyBoard } from "./ready-board";

/** A worker of the configuration, ready to be made. */
export interface PreparedWorker {
  readonly identity: NodeIdentity;
  readonly config: AgentConfig;
  readonly checked: CheckedBoard;
  readonly node: PreparedKubeadmNode;
}

/** What workers join. */
export interface WorkersCluster {
  readonly members: KubeadmMembers;
  /** To the control plane's board. */
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** The registry that nodes share with the control plane, where they reach it. */
  readonly registry: FilledRegistry;
  /** What a worker waits for before it joins, and before its board reboots: the cluster with its network. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The workers of a stack. What runs on them starts, restarts, or reboots with its board, one after the other, each when the one before is Ready, so that
 * a change that breaks a node leaves the others alone; files and images that nothing runs yet do not wait, unless the board may reboot before them.
 *
 * @returns the nodes, Ready.
 */
export async function joinWorkers(
  config: KubeadmStackConfig,
  workers: readonly PreparedWorker[],
  cluster: WorkersCluster,
): Promise<pulumi.Resource[]> {
  const nodes: pulumi.Resource[] = [];
  for (const worker of workers) {
    const { identity, config: ofBoard, checked, node } = worker;
    const name = `agent-${identity.name}`;
    const openings = kubeadmOpenings(config.kubeadm, "kubeadm node");
    const previous = nodes.slice(-1);
    const beforeReboot = [...cluster.after, ...previous];
    const access = { connection: cluster.connection, kubeconfig: adminKubeconfig, node: identity.name };
    const ready = readyBoard(name, ofBoard, checked.connection, { openings, beforeReboot, cluster: access });
    const { connection, runtimeFiles } = proxiedKubeadmBoard(name, config, {
      ofBoard,
      members: cluster.members,
      packageManager: checked.facts.packageManager,
      reached: ready.connection,
    });
    const { registry, resources } = await nodeRegistry({
      connection,
      config: config.registry,
      arch: ofBoard.arch,
      node: { delivery: node.images },
      prefix: `${name}-`,
      shared: cluster.registry,
    });
    if (registry === undefined) throw new Error("a kubeadm stack needs a private registry");
    const { labels, taints, drainTimeoutSeconds } = ofBoard;
    const { images, ...given } = node;
    const made = new KubeadmWorker(name, {
      connection,
      ...given,
      node: identity,
      pauseImage: images.pauseImage,
      mirrored: images.mirrored,
      registry,
      otherFiles: runtimeFiles,
      marks: { labels, taints, drainTimeoutSeconds },
      controlPlane: cluster.connection,
      server: apiServer(config.kubeadm, cluster.members.server),
      after: resources,
      beforeRuntime: previous,
      beforeJoin: [...cluster.after, ...previous],
      formerBoot: ready.formerBoot,
    });
    nodes.push(made.node);
  }
  return nodes;
}
