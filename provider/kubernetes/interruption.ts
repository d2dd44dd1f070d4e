import { CoreV1Api, PolicyV1Api, type V1Node } from "@kubernetes/client-node";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { clientFromBoard, clientOf, type KubernetesClient } from "./client";
import { requestFailure } from "./health";
import { nodeArgsNotes, podNotes, type Interruption } from "./on-node";

/** Where k3s writes the administrator's kubeconfig. */
export const defaultKubeconfig = "/etc/rancher/k3s/k3s.yaml";

/** The node that a board is: by the name that it is told, or the board's own. */
function isNode({ metadata, status }: V1Node, names: readonly string[]): boolean {
  const hostnames = (status?.addresses ?? []).filter(({ type }) => type === "Hostname").map(({ address }) => address);
  return [metadata?.name ?? "", ...hostnames].some((name) => names.includes(name.toLowerCase()));
}

/** The node of a board that is interrupted, and who is asked about it. */
export interface InterruptedNode {
  /** From which the API server is reached. */
  readonly board: Board;
  /** Path of a kubeconfig there, or its text. */
  readonly kubeconfig: string;
  /** Names that the node may have; where the cluster has one node only, it is that one whatever its name. */
  readonly names: readonly string[];
}

/** A node under its one name, in a cluster that may have others, and without it. */
export interface NamedNode {
  readonly board: Board;
  readonly kubeconfig: string;
  readonly name: string;
}

function findNode(nodes: readonly V1Node[], wanted: InterruptedNode | NamedNode): V1Node | undefined {
  if ("name" in wanted) return nodes.find(({ metadata }) => metadata?.name === wanted.name);
  const lower = wanted.names.map((name) => name.toLowerCase());
  return nodes.find((one) => isNode(one, lower)) ?? (nodes.length === 1 ? nodes[0] : undefined);
}

function absent(wanted: InterruptedNode | NamedNode): string {
  if ("name" in wanted) return `the cluster has no node ${wanted.name}, and no pods run there`;
  return `the cluster has no node of the name ${wanted.names.join(" or ")}: which pods run there is not known`;
}

/** `undefined` where Kubernetes is not there. */
async function clientFor(board: Board, kubeconfig: string): Promise<KubernetesClient | undefined> {
  if (!kubeconfig.startsWith("/")) return clientOf(board, "given", kubeconfig);
  return (await board.file(kubeconfig)).kind === "file" ? clientFromBoard(board, kubeconfig) : undefined;
}

/**
 * What an interruption of a board means for what runs on it, as notes: its pods, their PodDisruptionBudgets, and what k3s was started with.
 * Nothing where Kubernetes is not there. An API server that does not answer is told and is no reason to end a preview.
 *
 * @param wanted - the node that the board is.
 * @param command - words of ExecStart as it is on the disk, where k3s restarts.
 */
export async function interruptionNotes(
  wanted: InterruptedNode | NamedNode,
  interruption: Interruption,
  command: readonly string[] = [],
): Promise<string[]> {
  try {
    const client = await clientFor(wanted.board, wanted.kubeconfig);
    if (client === undefined) return [];
    const core = client.api(CoreV1Api);
    const [nodes, pods, budgets] = await Promise.all([
      core.listNode(),
      core.listPodForAllNamespaces(),
      client.api(PolicyV1Api).listPodDisruptionBudgetForAllNamespaces(),
    ]);
    const node = findNode(nodes.items, wanted);
    if (node === undefined) return [absent(wanted)];
    return [
      ...nodeArgsNotes(node, command),
      ...podNotes(node.metadata?.name ?? "", interruption, pods.items, budgets.items),
    ];
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return [`which pods run on the node is not known: ${requestFailure(error)}`];
  }
}
