import { isDeepStrictEqual } from "node:util";
import type { V1Node } from "@kubernetes/client-node";
import { z } from "zod";
import { pauseAfterLook } from "../pause";
import { PartialFailure, type Context, type ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { drainNode, uncordonPatch } from "./drain";
import { nodeHealth, requestFailure } from "./health";
import { markNode } from "./mark-node";
import { type NodeApi } from "./node-api";
import { marksNotes, marksOf, type NodeMarks } from "./node-marks";
import { clusterOf, kubeconfigInput } from "./node-object";

const inputs = z.strictObject({
  /** To a board from which the API server is reached, a server's as a rule. */
  connection: connectionArgs,
  /** Path of a kubeconfig on that board, or its text. */
  kubeconfig: kubeconfigInput,
  /** Name of the node. */
  name: z.string().min(1),
  labels: z.record(z.string(), z.string()).default({}),
  /** Each `key=value:effect` or `key:effect`. */
  taints: z.array(z.string()).default([]),
  /** The service on its board whose journal says why it is not Ready. */
  service: z.string().min(1).default("k3s-agent"),
  /** Seconds for the node to become Ready. Defaults to 600. */
  timeoutSeconds: z.number().positive().default(600),
  /** Seconds for its pods to leave when it goes. Defaults to 300. */
  drainTimeoutSeconds: z.number().positive().default(300),
  /** The node stays when the resource goes, and is not drained. Defaults to false. */
  stays: z.boolean().default(false),
  /** Boot id of a boot that its board has left. Defaults to none, which is empty. */
  formerBoot: z.string().default(""),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** It has been Ready, and let pods in. Not there where nobody has seen that: its `create` failed or was killed, or was an earlier version's. */
  readonly arrived?: boolean;
}

/** Seconds between two messages to the person who waits. */
const reportSeconds = 20;
const noMarks: NodeMarks = { labels: {}, taints: [] };

/** Waits until a node is Ready. An API server that does not answer for a while is waited for as well. */
async function awaitNode(context: Context, wanted: Inputs): Promise<{ api: NodeApi; node: V1Node }> {
  const board = await context.board(wanted.connection);
  const started = Date.now();
  let reported = 0;
  for (;;) {
    const began = Date.now();
    const { api, node, detail } = await look(context, wanted);
    if (api !== undefined && node !== undefined && detail === undefined) return { api, node };
    const elapsed = Math.round((Date.now() - started) / 1000);
    if (elapsed >= wanted.timeoutSeconds)
      throw new BoardError(
        "timeout",
        board.label,
        `node ${wanted.name} is not Ready after ${elapsed} s: ${detail ?? ""}`,
        `The journal of ${wanted.service} on its board says why: journalctl -u ${wanted.service}`,
      );
    if (elapsed - reported >= reportSeconds) {
      reported = elapsed;
      context.log("info", `waiting, ${elapsed} s of ${wanted.timeoutSeconds} s: ${detail ?? ""}`);
    }
    await pauseAfterLook(began);
  }
}

/** The node, and what keeps it from being Ready. */
async function look(
  context: Context,
  { connection, kubeconfig, name, formerBoot }: Inputs,
): Promise<{ api?: NodeApi; node?: V1Node; detail?: string }> {
  try {
    const api = await clusterOf(await context.board(connection), kubeconfig);
    if (api === undefined) return { detail: `there is no kubeconfig at ${kubeconfig}` };
    const node = await api.find(name);
    if (node === undefined) return { api, detail: `node ${name} has not registered yet` };
    // what the API server has of a node stays Ready for a while after its board went down
    if (formerBoot !== "" && node.status?.nodeInfo?.bootID === formerBoot)
      return { api, node, detail: `node ${name} has not said anything since its board rebooted` };
    const { ready, detail } = nodeHealth(node);
    return { api, node, ...(ready ? {} : { detail }) };
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return { detail: `Kubernetes API: ${requestFailure(error)}` };
  }
}

async function bring(context: Context, wanted: Inputs, before: NodeMarks): Promise<State> {
  const { api, node } = await awaitNode(context, wanted);
  try {
    const uncordon = uncordonPatch(node);
    if (uncordon !== undefined) await api.merge(wanted.name, uncordon);
    await markNode(api, node, before, wanted);
    return { ...wanted, arrived: true };
  } catch (error) {
    if (error instanceof BoardError) throw error;
    const { label } = await context.board(wanted.connection);
    throw new BoardError("refused", label, `marking node ${wanted.name}: ${requestFailure(error)}`);
  }
}

/**
 * A node of the cluster: Ready, with the labels and taints that it is to have. Made after the agent that runs it, so that it is drained before
 * that agent stops.
 */
export const clusterNode: ResourceType<Inputs, State> = {
  token: "board:index:ClusterNode",
  inputs,
  secretOutputs: [],
  ignored: ["kubeconfig", "service", "timeoutSeconds", "drainTimeoutSeconds", "stays"],
  diff: (state, wanted) => ({
    changed: [
      ...(["labels", "taints"] as const).filter((key) => !isDeepStrictEqual(state[key], wanted[key])),
      ...(wanted.formerBoot === "" || wanted.formerBoot === state.formerBoot ? [] : ["formerBoot"]),
      ...(state.arrived ? [] : ["arrived"]),
    ],
    replaces: state.name === wanted.name ? [] : ["name"],
    notes: [
      ...(state.arrived ? [] : [`node ${wanted.name} has not been seen Ready; up waits until it is`]),
      ...marksNotes(wanted.name, state, wanted),
    ],
  }),
  async create(context, wanted) {
    try {
      return { id: wanted.name, state: await bring(context, wanted, noMarks) };
    } catch (error) {
      // its service runs: it may register after we have gone, and whoever takes it out has to know of it
      if (error instanceof BoardError) throw new PartialFailure(wanted.name, wanted, error);
      throw error;
    }
  },
  async read(context, _id, state) {
    const { arrived, ...ofInputs } = state;
    try {
      const api = await clusterOf(await context.board(state.connection), state.kubeconfig);
      const node = await api?.find(state.name);
      if (node === undefined) return undefined;
      const { labels, taints } = marksOf(node, state);
      const found = { ...ofInputs, labels: { ...labels }, taints: [...taints] };
      const hasArrived = arrived ?? (nodeHealth(node).ready && uncordonPatch(node) === undefined);
      return { state: hasArrived ? { ...found, arrived: true } : found, inputs: found };
    } catch (error) {
      // that no API server answers says nothing about the node; this run brings the server back, or says that it cannot
      if (error instanceof BoardError && error.trouble !== "refused") throw error;
      context.log("warning", `node ${state.name} is taken as unchanged: ${requestFailure(error)}`);
      return { state, inputs: ofInputs };
    }
  },
  update: (context, _id, old, wanted) => bring(context, wanted, old),
  async delete(context, _id, state) {
    if (state.stays) return;
    try {
      const api = await clusterOf(await context.board(state.connection), state.kubeconfig);
      if (api === undefined) return;
      await drainNode({
        api,
        node: state.name,
        timeoutSeconds: state.drainTimeoutSeconds,
        log: (severity, message) => context.log(severity, message),
      });
    } catch (error) {
      if (error instanceof BoardError && error.trouble === "cancelled") throw error;
      context.log("warning", `node ${state.name} is not drained: ${requestFailure(error)}`);
    }
  },
};
