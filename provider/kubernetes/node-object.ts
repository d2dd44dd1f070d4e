import { z } from "zod";
import type { ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { clientFromBoard, clientOf } from "./client";
import { requestFailure } from "./health";
import { type NodeApi, nodeApi } from "./node-api";

/** Path of a kubeconfig on a board, or its text: a path begins with a slash, and no kubeconfig does. */
export const kubeconfigInput = z.string().min(1);

/** A node, and where its cluster is asked about it. */
export const nodeAccess = z.strictObject({
  /** To a board from which the API server is reached. */
  connection: connectionArgs,
  kubeconfig: kubeconfigInput,
  node: z.string().min(1),
});

const inputs = z.strictObject({
  /** To a board from which the API server is reached, a server's as a rule. */
  connection: connectionArgs,
  /** Path of a kubeconfig on that board, or its text. */
  kubeconfig: kubeconfigInput,
  /** Name of the node. */
  name: z.string().min(1),
});

type Inputs = z.output<typeof inputs>;

/**
 * The cluster behind a kubeconfig, asked from a board; `undefined` where k3s and its data have gone from there.
 *
 * @param kubeconfig - path on the board, or its text.
 */
export async function clusterOf(board: Board, kubeconfig: string): Promise<NodeApi | undefined> {
  if (!kubeconfig.startsWith("/")) return nodeApi(await clientOf(board, "given", kubeconfig));
  const file = await board.file(kubeconfig);
  return file.kind === "file" ? nodeApi(await clientFromBoard(board, kubeconfig)) : undefined;
}

/**
 * What a node leaves in the cluster. The node's agent makes it by itself; here it is deleted, which has to come after the agent has stopped: one
 * that starts again in between would make it anew. So it has to be made before the agent.
 */
export const nodeObject: ResourceType<Inputs, Inputs> = {
  token: "board:index:NodeObject",
  inputs,
  secretOutputs: [],
  ignored: ["kubeconfig"],
  diff: (state, wanted) => ({ changed: [], replaces: state.name === wanted.name ? [] : ["name"] }),
  create: (_context, wanted) => Promise.resolve({ id: wanted.name, state: wanted }),
  read: (_context, _id, state) => Promise.resolve({ state, inputs: state }),
  update: (_context, _id, _old, wanted) => Promise.resolve(wanted),
  async delete(context, _id, state) {
    try {
      const api = await clusterOf(await context.board(state.connection), state.kubeconfig);
      await api?.remove(state.name);
    } catch (error) {
      if (error instanceof BoardError && error.trouble === "cancelled") throw error;
      context.log(
        "warning",
        `the object of node ${state.name} stays in the cluster's data (kubectl delete node ${state.name}): ${requestFailure(error)}`,
      );
    }
  },
};
