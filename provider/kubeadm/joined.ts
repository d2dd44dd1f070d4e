import { z } from "zod";
import { removeFile } from "../files/write";
import { pauseAfterLook } from "../pause";
import type { Context, ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { registerToken, removeToken } from "./bootstrap-token";
import { joinPaths, tokenIn } from "./join-files";
import { askCluster, endOfToken, joinedCluster, lookAtCertificate, nodeOf, textOf } from "./join-look";
import { refuseKeepData } from "./reset";

const inputs = z.strictObject({
  connection: connectionArgs,
  cluster: joinedCluster,
  /** Address of the API server for nodes. */
  server: z.url({ protocol: /^https$/ }),
  /** Name of the node. */
  node: z.string().min(1),
  /** Which attempt to join this is the end of. */
  attempt: z.string(),
  /** Whether the cluster gives nodes their parts of the network of pods: where its controller manager does not, none ever comes. */
  getsPart: z.boolean().default(true),
  /** Seconds for kubelet to get its certificate, and the node its part of the network of pods. */
  timeoutSeconds: z.number().positive().default(900),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** What kubelet joins with is still on the board. */
  readonly pending: boolean;
}

/** Seconds between two messages to the person who waits. */
const reportSeconds = 20;

/**
 * A kubelet that has a certificate of its own, and whose node has its part of the network of pods: waited for, and then what it joined with goes, the
 * token from the cluster and the kubeconfig from the board. kubelet's own health says nothing of that: it is well while it still asks.
 */
export const kubeadmJoined: ResourceType<Inputs, State> = {
  token: "board:index:KubeadmJoined",
  inputs,
  secretOutputs: [],
  ignored: ["cluster", "getsPart", "timeoutSeconds"],

  diff: (state, wanted) => ({
    changed: [
      ...(["server", "attempt"] as const).filter((key) => state[key] !== wanted[key]),
      ...(state.pending ? ["pending"] : []),
    ],
    replaces: state.node === wanted.node ? [] : ["node"],
    notes: state.pending ? [`${joinPaths.bootstrap} goes, and its token`] : [],
  }),

  async create(context, wanted) {
    return { id: wanted.node, state: await finish(context, wanted) };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { pending: _pending, ...wanted } = state;
    const pending = (await board.file(joinPaths.bootstrap)).kind !== "absent";
    return { state: { ...state, pending }, inputs: wanted };
  },

  update: (context, _id, _old, wanted) => finish(context, wanted),

  async delete(context, _id, state) {
    // what is there goes with the join; what refuses a reset does so here, while kubelet still runs
    refuseKeepData(await context.board(state.connection));
  },
};

async function finish(context: Context, wanted: Inputs): Promise<State> {
  const board = await context.board(wanted.connection);
  await awaitNode(context, board, wanted);
  // a board that loses power now has to find its certificate again: there is nothing else to join with
  const { code } = await board.run(
    `sync -- ${joinPaths.kubeconfig} "$(readlink -f ${joinPaths.certificate})" "$(dirname ${joinPaths.certificate})"`,
    { purpose: "waiting until kubelet's certificate is on disk" },
  );
  if (code !== 0) throw new BoardError("refused", board.label, "kubelet's certificate cannot be written to the disk");
  const token = tokenIn(await textOf(board, joinPaths.bootstrap));
  if (token !== undefined) await askCluster(context, board, wanted, ({ client }) => removeToken(client, token));
  await removeFile(board, joinPaths.bootstrap);
  return { ...wanted, pending: false };
}

/** Waits for kubelet's certificate, and for the node's part of the network of pods: flanneld ends where there is none. */
async function awaitNode(context: Context, board: Board, wanted: Inputs): Promise<void> {
  const started = Date.now();
  let reported = 0;
  for (let look = 0; ; look++) {
    const began = Date.now();
    const noCertificate = await lookAtCertificate(context, board, wanted);
    const lacking = noCertificate || (await withoutNetwork(context, board, wanted));
    if (lacking === "") return;
    if (look === 0 && noCertificate !== "") await renewToken(context, board, wanted, noCertificate);
    const elapsed = Math.round((Date.now() - started) / 1000);
    if (elapsed >= wanted.timeoutSeconds)
      throw new BoardError(
        "timeout",
        board.label,
        `node ${wanted.node} has not joined after ${elapsed} s: ${lacking}`,
        "kubelet's journal says why: journalctl -u kubelet",
      );
    if (elapsed - reported >= reportSeconds) {
      reported = elapsed;
      context.log("info", `waiting, ${elapsed} s of ${wanted.timeoutSeconds} s: ${lacking}`);
    }
    await pauseAfterLook(began);
  }
}

/** Why a node that has joined can have no pods yet, as far as the cluster gives it what that takes; empty where it can. */
async function withoutNetwork(context: Context, board: Board, wanted: Inputs): Promise<string> {
  try {
    const found = await nodeOf(context, board, wanted);
    if (found === undefined) return `node ${wanted.node} has not registered yet`;
    const lacksPart = wanted.getsPart && found.spec?.podCIDR === undefined;
    return lacksPart ? `the cluster gave node ${wanted.node} no part of podSubnet yet` : "";
  } catch (error) {
    if (!(error instanceof BoardError) || error.trouble === "cancelled") throw error;
    return error.message;
  }
}

/** kubelet asks again and again; the token may have come to its end while the program travelled, or in a run that was killed. */
async function renewToken(context: Context, board: Board, wanted: Inputs, lacking: string): Promise<void> {
  const token = tokenIn(await textOf(board, joinPaths.bootstrap));
  if (token === undefined)
    throw new BoardError(
      "refused",
      board.label,
      `node ${wanted.node} has nothing to join with: ${lacking}, and there is no ${joinPaths.bootstrap}`,
      "The same command again gives it a token",
    );
  const { node, timeoutSeconds } = wanted;
  const until = await endOfToken(context, wanted, timeoutSeconds);
  await askCluster(context, board, wanted, ({ client }) => registerToken(client, token, { node, until }));
}
