import { CoreV1Api, PolicyV1Api, type V1Node } from "@kubernetes/client-node";
import type { Board } from "../ssh/board";
import { clientFromBoard } from "./client";
import { requestFailure } from "./health";
import { nodeArgsNotes, podNotes, type Interruption } from "./on-node";

/** Where k3s writes the administrator's kubeconfig. */
export const defaultKubeconfig = "/etc/rancher/k3s/k3s.yaml";

/** The node that a board is: by the name that it is told, or the board's own. */
function isNode({ metadata, status }: V1Node, names: readonly string[]): boolean {
  const hostnames = (status?.addresses ?? []).filter(({ type }) => type === "Hostname").map(({ address }) => address);
  return [metadata?.name ?? "", ...hostnames].some((name) => names.includes(name.toLowerCase()));
}

/**
 * What an interruption of a board means for what runs on it, as notes: its pods, their PodDisruptionBudgets, and what k3s was started with.
 * Nothing where Kubernetes is not there. An API server that does not answer is told and is no reason to end a preview.
 *
 * @param names - names that the node may have.
 * @param command - words of ExecStart as it is on the disk, where k3s restarts.
 */
export async function interruptionNotes(
  board: Board,
  kubeconfig: string,
  interruption: Interruption,
  names: readonly string[],
  command: readonly string[] = [],
): Promise<string[]> {
  if ((await board.file(kubeconfig)).kind !== "file") return [];
  try {
    const client = await clientFromBoard(board, kubeconfig);
    const core = client.api(CoreV1Api);
    const [nodes, pods, budgets] = await Promise.all([
      core.listNode(),
      core.listPodForAllNamespaces(),
      client.api(PolicyV1Api).listPodDisruptionBudgetForAllNamespaces(),
    ]);
    const lower = names.map((name) => name.toLowerCase());
    const node =
      nodes.items.find((one) => isNode(one, lower)) ?? (nodes.items.length === 1 ? nodes.items[0] : undefined);
    if (node === undefined)
      return [`the cluster has no node of the name ${names.join(" or ")}: which pods run there is not known`];
    return [
      ...nodeArgsNotes(node, command),
      ...podNotes(node.metadata?.name ?? "", interruption, pods.items, budgets.items),
    ];
  } catch (error) {
    return [`which pods run on the node is not known: ${requestFailure(error)}`];
  }
}
