import { CoordinationV1Api, CoreV1Api, type V1Lease, type V1Pod } from "@kubernetes/client-node";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { clientFromBoard, type KubernetesClient } from "./client";
import { askKubernetes, joined, nodesHealth, podHealth, type Health, type NodesExpected } from "./health";

/** A pod, by its uid: one that was made anew under the same name is another. */
export type PodUid = string;

/** A node after a restart of what it runs by. */
export interface NodeExpected extends NodesExpected {
  /** When that started, by the board's clock. Without it, nothing is asked of the node's lease. */
  readonly startedAt?: Date | undefined;
  /** Pods of the node that were Ready before: those that are still there have to be Ready again. Defaults to none. */
  readonly pods?: readonly PodUid[] | undefined;
}

/**
 * Whether a kubelet has been heard of since it was started. For a while, 40 s by default, the cluster shows the node as the one before has left it:
 * Ready, also where the new one does not even come up. Each kubelet renews its lease when it starts, and then every few seconds.
 */
export function leaseHealth(node: string, lease: V1Lease | undefined, startedAt: Date): Health {
  const renewed = lease?.spec?.renewTime;
  if (renewed !== undefined && new Date(renewed).getTime() >= startedAt.getTime()) return { ready: true, detail: "" };
  return { ready: false, detail: `node ${node}: its kubelet has not been heard of since the start` };
}

/** Whether a pod has ended, and nobody expects it to be Ready again: a job's. One that kubelet has thrown out is missed. */
function hasEnded({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined || status?.phase === "Succeeded") return true;
  return status?.phase === "Failed" && status.reason !== "Evicted";
}

/** Whether the pods of before that are still there are Ready again. */
export function podsAgain(pods: readonly V1Pod[], before: readonly PodUid[]): Health {
  const missed = pods.filter((pod) => before.includes(pod.metadata?.uid ?? "") && !hasEnded(pod)).map(podHealth);
  return joined(missed, `${missed.length} of ${before.length} pods of before Ready again`);
}

async function podsOf(client: KubernetesClient, node: string): Promise<readonly V1Pod[]> {
  return (await client.api(CoreV1Api).listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${node}` })).items;
}

async function leaseOf(client: KubernetesClient, name: string): Promise<V1Lease | undefined> {
  try {
    return await client.api(CoordinationV1Api).readNamespacedLease({ name, namespace: "kube-node-lease" });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === 404) return undefined;
    throw error;
  }
}

/** Pods of a node that are Ready now; none where Kubernetes does not answer. */
export async function readyPods(board: Board, kubeconfigPath: string, node: string): Promise<readonly PodUid[]> {
  try {
    const pods = await podsOf(await clientFromBoard(board, kubeconfigPath), node);
    return pods.filter((pod) => !hasEnded(pod) && podHealth(pod).ready).flatMap(({ metadata }) => metadata?.uid ?? []);
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return [];
  }
}

/**
 * Asks the API server behind a kubeconfig on the board whether it answers, whether its nodes are Ready, and whether the one that was restarted is
 * itself again. Never throws for a server that is down: that is an answer.
 *
 * @throws BoardError `cancelled` where the run was cancelled.
 */
export function restartedHealth(board: Board, kubeconfigPath: string, expected: NodeExpected): Promise<Health> {
  return askKubernetes(board, kubeconfigPath, async (client) => {
    const nodes = await nodesHealth(client, expected);
    const { node, startedAt, pods = [] } = expected;
    if (!nodes.ready || node === undefined) return nodes;
    const lease = startedAt && leaseHealth(node, await leaseOf(client, node), startedAt);
    if (lease?.ready === false) return lease;
    if (pods.length === 0) return nodes;
    const again = podsAgain(await podsOf(client, node), pods);
    return again.ready ? { ready: true, detail: `${nodes.detail}; ${again.detail}` } : again;
  });
}
