import { z } from "zod";
import { absolutePath } from "../files/schema";
import type { Context, ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { connectionArgs } from "../ssh/connection-args";
import { BoardError } from "../ssh/board-error";
import { clientFromBoard } from "./client";
import { deleteOwnedObjects, StillThere } from "./delete-objects";
import { dryRun, type DryRunFindings } from "./dry-run";
import { requestFailure } from "./health";
import { identityOf, readDocuments, titleOf } from "./manifest-documents";
import { ApiRefusal, type ObjectsApi } from "./objects-api";
import { distinctKinds, reasonToKeep } from "./owned-objects";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path on the board of the kubeconfig that the API server is asked with. */
  kubeconfig: absolutePath,
  /** Name of the manifest's file without directory and extension, which is that of the Addon that k3s keeps for it. */
  addon: z.string().min(1),
  /** YAML documents. */
  content: z.string(),
  /** Seconds until objects that do not go are given up. Defaults to 180. */
  deletionTimeoutSeconds: z.number().positive().default(180),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Kinds that the manifest has held at any time: where its objects are looked for when it goes. */
  readonly kinds: readonly { readonly apiVersion: string; readonly kind: string }[];
}

function stateOf(wanted: Inputs, old?: State): State {
  const kinds = readDocuments(wanted.content).objects.map(({ object }) => object);
  return { ...wanted, kinds: distinctKinds([...kinds, ...(old?.kinds ?? [])]) };
}

/** The API server of the board, or why there is none to be asked. */
async function apiOf(board: Board, kubeconfig: string): Promise<{ api: ObjectsApi } | { absent: string }> {
  const file = await board.file(kubeconfig, { contentLimit: 0 });
  if (file.kind !== "file") return { absent: "no API server has been set up yet" };
  return { api: (await clientFromBoard(board, kubeconfig)).objects };
}

/** Has the API server look at a manifest. Where there is none yet, or none answers, the manifest passes, which is said. */
async function examine(context: Context, wanted: Inputs, old?: State): Promise<void> {
  const board = await context.board(wanted.connection);
  const findings = await ask(board, wanted, old).catch((error: unknown) => {
    // that no API server listens is an answer; that the board is gone is none
    if (error instanceof BoardError && error.trouble !== "refused") throw error;
    return { unchecked: requestFailure(error) };
  });
  if ("unchecked" in findings) {
    context.log("info", `not checked by the API server before it is written: ${findings.unchecked}`);
    return;
  }
  for (const remark of findings.remarks) context.log("warning", context.mask(remark));
  if (findings.refused.length > 0)
    throw new BoardError(
      "refused",
      board.label,
      `the API server refuses the manifest ${wanted.addon}:\n${context.mask(findings.refused.join("\n"))}`,
      "Its file was not written. Mend the manifest and run up again",
    );
}

async function ask(board: Board, wanted: Inputs, old?: State): Promise<DryRunFindings | { unchecked: string }> {
  const found = await apiOf(board, wanted.kubeconfig);
  if ("absent" in found) return { unchecked: found.absent };
  const before = old === undefined ? [] : readDocuments(old.content).objects;
  return dryRun(found.api, readDocuments(wanted.content).objects, before);
}

/** What an edit of a manifest takes out of the cluster. */
function departures(old: string, wanted: string): string[] {
  const kept = new Set(readDocuments(wanted).objects.map(({ object }) => identityOf(object)));
  const leaving = readDocuments(old).objects.filter(({ object }) => !kept.has(identityOf(object)));
  return leaving.flatMap(({ object }) => {
    if (reasonToKeep(object) !== undefined) return [];
    const more = { Namespace: " with everything in it", PersistentVolumeClaim: " and what is stored in it" }[
      object.kind
    ];
    return [`${titleOf(object)}${more ?? ""} leaves the manifest: k3s deletes it from the cluster`];
  });
}

/**
 * The objects of a manifest in the cluster. k3s deploys them from the file; this resource is what is done besides: before the file is written
 * the API server is asked whether it would take them, and when the manifest goes its objects are deleted, which k3s does not do.
 *
 * It has to be made before the file, so that it is deleted after the file: k3s would deploy anew what is deleted before.
 */
export const manifestObjects: ResourceType<Inputs, State> = {
  token: "board:index:ManifestObjects",
  inputs,
  secretOutputs: [],
  ignored: ["kubeconfig", "deletionTimeoutSeconds"],
  diff: (state, wanted, isSecret, wasSecret) => ({
    changed: state.content === wanted.content ? [] : ["content"],
    replaces: state.addon === wanted.addon ? [] : ["addon"],
    notes: isSecret("content") || wasSecret?.("content") ? [] : departures(state.content, wanted.content),
  }),
  async create(context, wanted) {
    await examine(context, wanted);
    return { id: wanted.addon, state: stateOf(wanted) };
  },
  read: (_context, _id, state) => {
    const { kinds: _kinds, ...given } = state;
    return Promise.resolve({ state, inputs: given });
  },
  async update(context, _id, old, wanted) {
    if (old.content !== wanted.content) await examine(context, wanted, old);
    return stateOf(wanted, old);
  },
  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    const found = await apiOf(board, state.kubeconfig);
    // k3s and its data went before: with the whole stack there is nothing left to ask
    if ("absent" in found) return;
    try {
      await deleteOwnedObjects({
        api: found.api,
        addon: state.addon,
        kinds: state.kinds,
        timeoutSeconds: state.deletionTimeoutSeconds,
        log: (severity, message) => context.log(severity, message),
      });
    } catch (error) {
      if (error instanceof StillThere)
        throw new BoardError(
          "timeout",
          board.label,
          `objects of the manifest ${state.addon} do not go:\n${error.message}`,
          "Whoever set a finalizer has to remove it; then run up again",
        );
      if (error instanceof ApiRefusal)
        throw new BoardError(
          "refused",
          board.label,
          `deleting objects of the manifest ${state.addon}: ${error.message}`,
        );
      if (error instanceof BoardError && error.trouble === "cancelled") throw error;
      context.log(
        "warning",
        `the objects of the manifest ${state.addon} stay in the cluster's data: ${requestFailure(error)}`,
      );
    }
  },
};
