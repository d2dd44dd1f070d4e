import { CoreV1Api } from "@kubernetes/client-node";
import { z } from "zod";
import { absolutePath } from "../files/schema";
import { lastLines, writeText } from "../files/write";
import { nodeHealth } from "../kubernetes/health";
import { type Context, PartialFailure, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { newToken, registerToken, removeToken } from "./bootstrap-token";
import { bootstrapKubeconfig, joinPaths, tokenIn } from "./join-files";
import { askCluster, endOfToken, joinedCluster, lookAtJoin, textOf } from "./join-look";
import { attemptScript, beginJoinScript, joinRecord } from "./phases";
import { refuseKeepData, resetNode } from "./reset";

const inputs = z.strictObject({
  connection: connectionArgs,
  cluster: joinedCluster,
  /** Address of the API server for nodes. */
  server: z.url({ protocol: /^https$/ }),
  /** Name of the node. */
  node: z.string().min(1),
  /** Path of kubeadm on the board, for a reset. */
  kubeadm: absolutePath,
  /** Address of the runtime, for a reset. */
  criSocket: z.string().startsWith("unix:///"),
  /** Seconds that the token is good for. */
  tokenSeconds: z.number().positive().default(900),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Counts how often kubelet was given something to join with: it reads that at its start. */
  readonly attempt: string;
  /** What kubelet lacked to be a node by itself when it was looked at; empty where it lacked nothing. */
  readonly lacking: string;
}

/**
 * What a kubelet joins a cluster with: the cluster's CA, and a kubeconfig with a token that is good for minutes. Both are there before kubelet starts,
 * which then gets a certificate of its own. A kubelet that has one gets neither. Deleting the resource resets the node.
 */
export const kubeadmJoin: ResourceType<Inputs, State> = {
  token: "board:index:KubeadmJoin",
  inputs,
  secretOutputs: [],
  ignored: ["cluster", "kubeadm", "criSocket", "tokenSeconds"],

  diff(state, wanted) {
    const { node, server } = wanted;
    const [isMoved, isLacking] = [state.server !== server, state.lacking !== ""];
    return {
      changed: [...(isMoved ? ["server"] : []), ...(isLacking ? ["lacking"] : [])],
      replaces: state.node === node ? [] : ["node"],
      notes: [
        ...(isMoved ? [`node ${node} joins anew: the API server is at ${server}, it was at ${state.server}`] : []),
        ...(isLacking ? [`node ${node} joins: ${state.lacking}`] : []),
      ],
    };
  },

  announce: (_context, { node }) => Promise.resolve([`node ${node} joins the cluster`]),

  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    if ((await board.file(joinRecord)).kind === "absent") await refuseTaken(context, wanted);
    const begun = await begin(board, wanted);
    try {
      const lacking = await lookAtJoin(context, board, wanted);
      const attempt = lacking === "" ? begun : await prepare(context, board, wanted, begun);
      return { id: wanted.node, state: { ...wanted, attempt, lacking: "" } };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const unfinished = { ...wanted, attempt: begun, lacking: "what kubelet joins with is not there" };
      throw new PartialFailure(wanted.node, unfinished, error);
    }
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { attempt: _attempt, lacking: _lacking, ...wanted } = state;
    return { state: { ...state, lacking: await lookAtJoin(context, board, state) }, inputs: wanted };
  },

  async update(context, _id, old, wanted) {
    const board = await context.board(wanted.connection);
    await begin(board, wanted);
    const attempt = await prepare(context, board, wanted, old.attempt);
    return { ...wanted, attempt, lacking: "" };
  },

  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    refuseKeepData(board);
    const token = tokenIn(await textOf(board, joinPaths.bootstrap));
    if (token !== undefined) {
      try {
        await askCluster(context, board, state, ({ client }) => removeToken(client, token));
      } catch (error) {
        if (!(error instanceof BoardError) || error.trouble === "cancelled") throw error;
        context.log("warning", `the token of a join that was not finished ends by itself: ${error.message}`);
      }
    }
    await resetNode(context, board, state, joinRecord);
  },
};

/**
 * Makes sure that the board is, or becomes, this node of ours.
 *
 * @returns how often kubelet was given something to join with.
 * @throws BoardError where it is something else.
 */
async function begin(board: Board, { kubeadm, criSocket, node }: Inputs): Promise<string> {
  const { code, stdout, stderr } = await board.run(beginJoinScript(kubeadm, criSocket, node), {
    purpose: "looking for an earlier init or join",
  });
  if (code !== 0) throw new BoardError("refused", board.label, lastLines(stderr), "Nothing was changed");
  return stdout.trim();
}

/** @throws BoardError where another board has the node's name: both would be one node, in turns. */
async function refuseTaken(context: Context, wanted: Inputs): Promise<void> {
  const board = await context.board(wanted.connection);
  const { items } = await askCluster(context, board, wanted, ({ client }) => client.api(CoreV1Api).listNode());
  const taken = items.find(({ metadata }) => metadata?.name === wanted.node);
  if (taken === undefined || !nodeHealth(taken, true).ready) return;
  throw new BoardError(
    "refused",
    board.label,
    `the cluster has a node ${wanted.node} that is Ready, and this board has never joined`,
    "Give this one another name, or take the other one out of the cluster",
  );
}

/**
 * Gives kubelet something to join with. What it was a node by goes last: until the token is good, it is all that kubelet has.
 *
 * @param attempt - the one of before.
 * @returns the number of this one.
 */
async function prepare(context: Context, board: Board, wanted: Inputs, attempt: string): Promise<string> {
  const { server, node, tokenSeconds: seconds } = wanted;
  const former = tokenIn(await textOf(board, joinPaths.bootstrap));
  const ca = await askCluster(context, board, wanted, async (cluster) => {
    if (former !== undefined) await removeToken(cluster.client, former);
    return cluster.ca;
  });
  await writeText(board, { path: joinPaths.ca, mode: "0644" }, ca);
  const token = newToken();
  await writeText(board, { path: joinPaths.bootstrap, mode: "0600" }, bootstrapKubeconfig({ server, ca }, token));
  const until = await endOfToken(context, wanted, seconds);
  await askCluster(context, board, wanted, ({ client }) => registerToken(client, token, { node, until }));
  const { code, stdout, stderr } = await board.run(attemptScript(attempt), {
    purpose: "removing what kubelet was a node by",
  });
  if (code !== 0)
    throw new BoardError("refused", board.label, `what kubelet was a node by is still there: ${lastLines(stderr)}`);
  return stdout.trim();
}
