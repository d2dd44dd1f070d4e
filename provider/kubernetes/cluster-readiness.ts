import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { pauseAfterLook } from "../pause";
import type { Context, ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { connectionArgs } from "../ssh/connection-args";
import { BoardError } from "../ssh/board-error";
import { withCauses } from "../causes";
import { queryDns } from "./dns";
import { clusterHealth, type Health } from "./health";
import { settledHealth, settleSeconds } from "./settled-health";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path of the kubeconfig on the board. */
  kubeconfig: z.string(),
  /** Namespaces all of whose pods must be Ready or Completed. Defaults to kube-system. */
  namespaces: z.array(z.string()).default(["kube-system"]),
  /** Deployments, `namespace/name`, that must be there and available. */
  deployments: z.array(z.string()).default([]),
  /** The image that one of these deployments must ask for, by `namespace/name`: k3s brings its own manifests some time after a start. */
  images: z.record(z.string(), z.string()).default({}),
  /** Manifests that k3s must have applied: SHA-256 (hex) of the file's content by its name without extension. Only waited for, not read back. */
  manifests: z.record(z.string(), z.string()).default({}),
  /** Cluster DNS server and a name that it must resolve. Without it DNS is not asked. */
  dns: z.strictObject({ server: z.string(), name: z.string() }).optional(),
  /** Seconds until the wait is given up. Defaults to 900. */
  timeoutSeconds: z.number().positive().default(900),
  /** Values whose change makes the gate wait again: digests of what was deployed. */
  triggers: z.record(z.string(), z.string()).default({}),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Whether everything was Ready when it was last looked at. */
  readonly ready: boolean;
}

/** Seconds between two messages to the person who waits. */
const reportSeconds = 20;

/** Nodes and pods, and DNS where all of those are well. */
async function look(board: Board, wanted: Inputs): Promise<Health> {
  const cluster = await clusterHealth(board, wanted.kubeconfig, wanted);
  if (!cluster.ready || wanted.dns === undefined) return cluster;
  const { server, name } = wanted.dns;
  try {
    const answer = await queryDns(board, server, name);
    const ready = answer.addresses.length > 0;
    if (ready) return { ready, detail: `${cluster.detail}; ${name} is ${answer.addresses.join(", ")}` };
    return { ready, detail: `cluster DNS ${server}: ${answer.rcode} for ${name}` };
  } catch (error) {
    return { ready: false, detail: `cluster DNS ${server}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function wait(context: Context, wanted: Inputs): Promise<State> {
  const board = await context.board(wanted.connection);
  const started = Date.now();
  const elapsed = () => Math.round((Date.now() - started) / 1000);
  let reported = 0;
  for (;;) {
    const began = Date.now();
    const health = await look(board, wanted);
    if (health.ready) {
      context.log("info", `ready after ${elapsed()} s: ${health.detail}`);
      return { ...wanted, ready: true };
    }
    if (elapsed() >= wanted.timeoutSeconds) {
      const what = `the cluster is not ready after ${elapsed()} s`;
      throw new BoardError("refused", board.label, withCauses(what, health.detail, await context.causes(board)));
    }
    if (elapsed() - reported >= reportSeconds) {
      reported = elapsed();
      context.log(
        "info",
        `waiting (${reported} s of ${wanted.timeoutSeconds} s): ${health.detail.split("\n").join("; ")}`,
      );
    }
    await pauseAfterLook(began);
  }
}

/** The gate at the end of an `up`: nodes Ready, system pods Ready, DNS answering. Shows on refresh when that is no longer so. */
export const clusterReadiness: ResourceType<Inputs, State> = {
  token: "board:index:ClusterReadiness",
  inputs,
  secretOutputs: [],
  ignored: ["timeoutSeconds"],
  diff: (state, wanted) => ({
    changed: [
      ...(["kubeconfig", "namespaces", "deployments", "images", "manifests", "dns", "triggers"] as const).filter(
        (key) => !isDeepStrictEqual(state[key], wanted[key]),
      ),
      ...(state.ready ? [] : ["ready"]),
    ],
    notes: state.ready ? [] : ["the cluster is not ready now; up waits until it is"],
  }),
  async create(context, wanted) {
    return { id: wanted.kubeconfig, state: await wait(context, wanted) };
  },
  async read(context, _id, state) {
    const board = await context.board(state.connection);
    // A state of an earlier version knows no images. CoreDNS's own readiness is among the pods; a question to it would be one more round trip of every preview
    const expected = { ...state, images: state.images ?? {}, manifests: {} };
    const look = () => clusterHealth(board, state.kubeconfig, expected);
    const report = (detail: string, seconds: number) =>
      context.log("info", `not ready, looking for up to ${seconds} s whether it settles: ${detail}`);
    const health = await (state.ready ? settledHealth(look, report, settleSeconds(state.timeoutSeconds)) : look());
    if (!health.ready) context.log("warning", health.detail);
    return { state: { ...state, ready: health.ready }, inputs: parsedInputs(state) };
  },
  update: (context, _id, _old, wanted) => wait(context, wanted),
  async delete() {
    // it only looks
  },
};

function parsedInputs({ ready: _ready, ...rest }: State): Inputs {
  return rest;
}
