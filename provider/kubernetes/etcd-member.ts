import type { V1Node } from "@kubernetes/client-node";
import { z } from "zod";
import { pauseAfterLook } from "../pause";
import { PartialFailure, type Context, type ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { requestFailure } from "./health";
import type { NodeApi } from "./node-api";
import { clusterOf, kubeconfigInput } from "./node-object";

const inputs = z.strictObject({
  /** To the board with the kubeconfig, which is another server's. */
  connection: connectionArgs,
  /** Path of a kubeconfig on that board, or its text. */
  kubeconfig: kubeconfigInput,
  /** Name of the server's node. */
  name: z.string().min(1),
  /** Seconds for the server to become a voting member, and to leave. Defaults to 600. */
  timeoutSeconds: z.number().positive().default(600),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** It has been seen to vote. Not there where nobody has seen that: its `create` failed or was killed, or was an earlier version's. */
  readonly votes?: boolean;
}

/** Seconds between two messages to the person who waits. */
const reportSeconds = 20;

/** What k3s says of its etcd on the node of a server, and what it reads there (pkg/etcd/member_controller.go, metadata_controller.go). */
const annotations = {
  member: "etcd.k3s.cattle.io/node-name",
  remove: "etcd.k3s.cattle.io/remove",
  removed: "etcd.k3s.cattle.io/removed-node-name",
} as const;

/** What keeps a node from being a voting member of etcd; `undefined` where it is one. */
export function notVoting(node: V1Node | undefined): string | undefined {
  if (node === undefined) return "the node has not registered yet";
  if (node.metadata?.annotations?.[annotations.member] === undefined) return "it is no member of etcd yet";
  const voter = node.status?.conditions?.find(({ type }) => type === "EtcdIsVoter");
  return voter?.status === "True" ? undefined : `it does not vote in etcd yet (${voter?.message ?? "no status"})`;
}

/**
 * What is left to wait for when a member has been asked to leave; `undefined` where it has left.
 *
 * @param member - name of the member in etcd: a node that had left before and has joined again is another one.
 */
function notRemoved(member: string, node: V1Node | undefined): string | undefined {
  const { [annotations.removed]: removed, [annotations.remove]: asked } = node?.metadata?.annotations ?? {};
  if (node === undefined || removed === member) return undefined;
  return asked === undefined
    ? "k3s has taken the request back: etcd refuses to lose this member"
    : "it is still a member";
}

/** Looks at a node again and again until `missing` finds nothing. */
async function awaitNode(
  context: Context,
  wanted: Inputs,
  what: string,
  missing: (node: V1Node | undefined) => string | undefined,
): Promise<void> {
  const { label } = await context.board(wanted.connection);
  const started = Date.now();
  let reported = 0;
  for (;;) {
    const began = Date.now();
    const detail = await look(context, wanted, missing);
    if (detail === undefined) return;
    const elapsed = Math.round((Date.now() - started) / 1000);
    if (elapsed >= wanted.timeoutSeconds)
      throw new BoardError(
        "timeout",
        label,
        `server ${wanted.name} ${what} after ${elapsed} s: ${detail}`,
        "The journals of the servers say why: journalctl -u k3s",
      );
    if (elapsed - reported >= reportSeconds) {
      reported = elapsed;
      context.log("info", `etcd member of ${wanted.name}, ${elapsed} s of ${wanted.timeoutSeconds} s: ${detail}`);
    }
    await pauseAfterLook(began);
  }
}

/** An API server that does not answer is waited for: it stops for a moment when etcd's members change. */
async function look(
  context: Context,
  { connection, kubeconfig, name }: Inputs,
  missing: (node: V1Node | undefined) => string | undefined,
): Promise<string | undefined> {
  try {
    const api = await clusterOf(await context.board(connection), kubeconfig);
    return api === undefined ? `there is no kubeconfig at ${kubeconfig}` : missing(await api.find(name));
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return `Kubernetes API: ${requestFailure(error)}`;
  }
}

/** The cluster that the member leaves, and its name in etcd; `undefined` where there is none that could be asked. */
async function leaving(
  context: Context,
  { connection, kubeconfig, name }: Inputs,
): Promise<{ readonly api: NodeApi; readonly member: string } | undefined> {
  try {
    const api = await clusterOf(await context.board(connection), kubeconfig);
    const node = await api?.find(name);
    const member = node?.metadata?.annotations?.[annotations.member];
    return api === undefined || member === undefined ? undefined : { api, member };
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    context.log(
      "warning",
      `server ${name} stays a member of etcd, whose API does not answer: ${requestFailure(error)}. ` +
        `Where the cluster goes on, kubectl delete node ${name} takes it out`,
    );
    return undefined;
  }
}

async function awaitVote(context: Context, wanted: Inputs): Promise<State> {
  await awaitNode(context, wanted, "does not vote in etcd", notVoting);
  return { ...wanted, votes: true };
}

/** What is to be seen of a member that nobody has seen to vote; `undefined` where there is no such node. */
async function looked(context: Context, { votes: _votes, ...wanted }: State): Promise<State | undefined> {
  try {
    const api = await clusterOf(await context.board(wanted.connection), wanted.kubeconfig);
    if (api === undefined) return wanted;
    const node = await api.find(wanted.name);
    if (node === undefined) return undefined;
    return notVoting(node) === undefined ? { ...wanted, votes: true } : wanted;
  } catch (error) {
    // that no API server answers says nothing about the member
    if (error instanceof BoardError && error.trouble !== "refused") throw error;
    context.log("warning", `whether server ${wanted.name} votes in etcd is not known: ${requestFailure(error)}`);
    return wanted;
  }
}

/**
 * A server's membership in the embedded etcd. Made after the service that runs the server: waited for until it votes, because etcd takes one new
 * member at a time. When it is deleted, which comes before that service stops, k3s takes the member out. A member that only stopped would count for
 * the quorum still: of two servers, the other one could not even delete its node.
 */
export const etcdMember: ResourceType<Inputs, State> = {
  token: "board:index:EtcdMember",
  inputs,
  secretOutputs: [],
  ignored: ["kubeconfig", "timeoutSeconds"],
  diff: (state, wanted) => ({
    changed: state.votes ? [] : ["votes"],
    replaces: state.name === wanted.name ? [] : ["name"],
    notes: state.votes ? [] : [`server ${wanted.name} has not been seen to vote in etcd; up waits until it does`],
  }),
  async create(context, wanted) {
    try {
      return { id: wanted.name, state: await awaitVote(context, wanted) };
    } catch (error) {
      // its server runs: it may become a member after we have gone, and whoever takes it out has to know of it
      if (error instanceof BoardError) throw new PartialFailure(wanted.name, wanted, error);
      throw error;
    }
  },
  async read(context, _id, state) {
    const found = state.votes ? state : await looked(context, state);
    if (found === undefined) return undefined;
    const { votes: _votes, ...ofInputs } = found;
    return { state: found, inputs: ofInputs };
  },
  update: (context, _id, _old, wanted) => awaitVote(context, wanted),
  async delete(context, _id, state) {
    const found = await leaving(context, state);
    if (found === undefined) return;
    const { api, member } = found;
    try {
      // beside the name of an earlier member of this node k3s would drop the request
      const asked = { [annotations.remove]: "true", [annotations.removed]: null };
      await api.merge(state.name, { metadata: { annotations: asked } });
    } catch (error) {
      const { label } = await context.board(state.connection);
      throw new BoardError("refused", label, `server ${state.name} cannot leave etcd: ${requestFailure(error)}`);
    }
    await awaitNode(context, state, "is still a member of etcd", (node) => notRemoved(member, node));
    context.log("info", `server ${state.name} is no member of etcd any more`);
  },
};
