import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { pauseAfterLook } from "../pause";
import { BoardError } from "../ssh/board-error";
import { nodeHealth } from "./health";
import type { NodeApi } from "./node-api";
import { refusal } from "./refusal";

/** On a node that this program has cordoned: only that one is uncordoned again. */
export const drainedByUs = "k3s-board/drained";

/** What {@link drainNode} goes by. */
export interface DrainArgs {
  readonly api: NodeApi;
  readonly node: string;
  /** Seconds for the pods to leave. */
  readonly timeoutSeconds: number;
  /** What becomes of the node then, for the message about pods that are left on it. Defaults to `goes`. */
  readonly then?: "goes" | "restarts";
  readonly log: (severity: "info" | "warning", message: string) => void;
  /** Seconds in which a request that is not answered is made again. Defaults to 20. */
  readonly patienceSeconds?: number;
  /** Waits after a look that began at a time (milliseconds). Defaults to {@link pauseAfterLook}. */
  readonly pause?: (began: number) => Promise<void>;
}

/** Seconds between two messages to the person who waits. */
const reportSeconds = 20;
/** A busy board's API server may miss a request. One that is gone is not waited for long: it is no reason to leave the rest undone. */
const defaultPatienceSeconds = 20;

const titleOf = ({ metadata }: V1Pod) => `${metadata?.namespace ?? "default"}/${metadata?.name ?? "?"}`;

/**
 * Whether a pod has to leave a node that is drained, as `kubectl drain` has it: pods of DaemonSets would come back, static pods (of which the API
 * server has an image only) cannot be evicted, and those that have finished are nothing any more.
 */
export function mustLeave({ metadata, status }: V1Pod): boolean {
  const isOfDaemonSet = metadata?.ownerReferences?.some(({ kind, controller }) => controller && kind === "DaemonSet");
  const isStatic = metadata?.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  return !(isOfDaemonSet ?? false) && !isStatic && !["Succeeded", "Failed"].includes(status?.phase ?? "");
}

/** The patch that takes a node out of scheduling, or `undefined` for one that somebody else has taken out already. */
export function cordonPatch({ spec }: V1Node): object | undefined {
  if (spec?.unschedulable) return undefined;
  return { metadata: { annotations: { [drainedByUs]: "true" } }, spec: { unschedulable: true } };
}

/** The patch that lets a node have pods again, where it was this program that took it out. */
export function uncordonPatch({ metadata }: V1Node): object | undefined {
  if (metadata?.annotations?.[drainedByUs] === undefined) return undefined;
  return { metadata: { annotations: { [drainedByUs]: null } }, spec: { unschedulable: null } };
}

/**
 * Takes a node out of scheduling and evicts its pods, heeding PodDisruptionBudgets until the time is over. What is left then is named, and stays:
 * for the node's end to take away, or because a restart of k3s leaves pods running. A node that is not Ready is not waited for: nobody there ends a pod.
 */
export async function drainNode({
  api,
  node,
  timeoutSeconds,
  log,
  then = "goes",
  patienceSeconds = defaultPatienceSeconds,
  pause = pauseAfterLook,
}: DrainArgs): Promise<void> {
  const answered = <Result>(ask: () => Promise<Result>) => untilAnswered(ask, { patienceSeconds, pause });
  const found = await answered(() => api.find(node));
  if (found === undefined) return;
  const cordon = cordonPatch(found);
  if (cordon !== undefined) await answered(() => api.merge(node, cordon));
  const isReady = nodeHealth(found).ready;
  const started = Date.now();
  const elapsed = () => (Date.now() - started) / 1000;
  let reported = 0;
  for (let look = 0; ; look++) {
    const began = Date.now();
    const leaving = (await answered(() => api.podsOn(node))).filter(mustLeave);
    if (leaving.length === 0) {
      if (look > 0) log("info", `node ${node} is drained`);
      return;
    }
    if (look === 0) announce(node, leaving, log);
    const held = await evict(leaving, (pod) => answered(() => api.evict(pod)));
    const state = leaving.map((pod) => describe(pod, held.get(titleOf(pod)))).join("; ");
    if (!isReady) return log("warning", `node ${node} is not Ready, so its pods are not waited for: ${state}`);
    if (elapsed() >= timeoutSeconds) {
      return log("warning", `node ${node} ${then} with pods on it after ${timeoutSeconds} s: ${state}`);
    }
    if (elapsed() - reported >= reportSeconds) {
      reported = elapsed();
      log("info", `draining node ${node}, ${Math.round(reported)} s of ${timeoutSeconds} s: ${state}`);
    }
    await pause(began);
  }
}

/** Lets a node have pods again, where it was this program that took it out. A node that is gone needs nothing. */
export async function uncordonNode(api: NodeApi, node: string): Promise<void> {
  const found = await api.find(node);
  const patch = found === undefined ? undefined : uncordonPatch(found);
  if (patch !== undefined) await api.merge(node, patch);
}

/** The answer of an API server, which is asked again for a while where none comes or it has a trouble of its own. */
async function untilAnswered<Result>(
  ask: () => Promise<Result>,
  { patienceSeconds, pause }: Required<Pick<DrainArgs, "patienceSeconds" | "pause">>,
): Promise<Result> {
  const started = Date.now();
  for (;;) {
    const began = Date.now();
    try {
      return await ask();
    } catch (error) {
      const { code } = refusal(error);
      const isAnswer = (code >= 400 && code < 500) || (error instanceof BoardError && error.trouble === "cancelled");
      if (isAnswer || Date.now() - started >= patienceSeconds * 1000) throw error;
    }
    await pause(began);
  }
}

async function evict(
  pods: readonly V1Pod[],
  ask: (pod: V1Pod) => ReturnType<NodeApi["evict"]>,
): Promise<Map<string, string>> {
  const held = new Map<string, string>();
  for (const pod of pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)) {
    const eviction = await ask(pod);
    if (eviction !== "going") held.set(titleOf(pod), eviction.held);
  }
  return held;
}

function describe(pod: V1Pod, held: string | undefined): string {
  if (held !== undefined) return `pod ${titleOf(pod)}: ${held}`;
  return `pod ${titleOf(pod)}: Terminating`;
}

function announce(node: string, pods: readonly V1Pod[], log: DrainArgs["log"]): void {
  log("info", `draining node ${node}: ${pods.map(titleOf).join(", ")}`);
  const alone = pods.filter(({ metadata }) => (metadata?.ownerReferences ?? []).length === 0);
  if (alone.length > 0) log("warning", `nobody makes these pods anew elsewhere: ${alone.map(titleOf).join(", ")}`);
}
