import { pauseAfterLook } from "../pause";
import { BoardError } from "../ssh/board-error";
import { type DrainArgs, drainNode, uncordonNode } from "./drain";
import { requestFailure } from "./health";
import type { NodeApi } from "./node-api";

/** What {@link whileDrained} goes by. */
export interface DrainedWork extends Pick<DrainArgs, "node" | "timeoutSeconds" | "log" | "pause"> {
  /** The board of the node, for errors. */
  readonly label: string;
  /** The cluster; `undefined` where its kubeconfig is not there. */
  readonly cluster: () => Promise<NodeApi | undefined>;
  /** Notes on the board that the node may be cordoned by us. A run that is killed leaves the note to the next. */
  readonly note: () => Promise<void>;
  /** Takes the note away. */
  readonly forget: () => Promise<void>;
  /** Seconds in which the API server has to answer after the work. Defaults to 120. */
  readonly patienceSeconds?: number;
}

/**
 * Does what interrupts a node while it has no pods that can go elsewhere, and lets it have pods again, whatever has come of the work.
 *
 * A node that cannot be drained, because the API server does not answer or a budget holds a pod, is no reason to leave the work undone: it may be
 * what mends the node, and pods that were not evicted go on running.
 *
 * @throws what `work` throws; BoardError where the node stays cordoned, which the next run sees by the note.
 */
export async function whileDrained<Result>(args: DrainedWork, work: () => Promise<Result>): Promise<Result> {
  const { node, timeoutSeconds, log, pause } = args;
  await args.note();
  try {
    const api = await args.cluster();
    if (api === undefined) log("warning", `node ${node} is not drained: there is no kubeconfig`);
    else
      await drainNode({ api, node, timeoutSeconds, log, then: "restarts", ...(pause === undefined ? {} : { pause }) });
  } catch (error) {
    if (isCancelled(error)) throw error;
    log("warning", `node ${node} is not drained: ${requestFailure(error)}`);
  }
  return thenUncordoned(args, work);
}

/** Does some work, and then lets a node have pods again that this program has cordoned, in this run or an earlier one; see {@link whileDrained}. */
export async function thenUncordoned<Result>(args: DrainedWork, work: () => Promise<Result>): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    // the reason of the failure is what has to be read
    await uncordoned(args).catch((trouble: unknown) => args.log("warning", staysCordoned(args.node, trouble)));
    throw error;
  }
  try {
    await uncordoned(args);
    return result;
  } catch (error) {
    if (isCancelled(error)) throw error;
    throw new BoardError("refused", args.label, staysCordoned(args.node, error), "Run the same command again");
  }
}

/** Asks again for a while: the API server may be the one that has just restarted. */
async function uncordoned(args: DrainedWork): Promise<void> {
  const { cluster, node, forget, patienceSeconds = 120, pause = pauseAfterLook } = args;
  const started = Date.now();
  for (;;) {
    const began = Date.now();
    try {
      const api = await cluster();
      if (api !== undefined) await uncordonNode(api, node);
      break;
    } catch (error) {
      if (isCancelled(error) || Date.now() - started >= patienceSeconds * 1000) throw error;
    }
    await pause(began);
  }
  await forget();
}

function staysCordoned(node: string, error: unknown): string {
  return `node ${node} may still be cordoned, which the next run ends (or kubectl uncordon ${node}): ${requestFailure(error)}`;
}

function isCancelled(error: unknown): boolean {
  return error instanceof BoardError && error.trouble === "cancelled";
}
