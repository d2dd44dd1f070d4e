import { KubernetesObjectApi, type KubernetesObject } from "@kubernetes/client-node";
import { loadAll } from "js-yaml";
import { z } from "zod";
import { file } from "../files/file";
import { absolutePath } from "../files/schema";
import type { Context, ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { clientFromBoard } from "./client";
import { requestFailure } from "./health";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path in k3s's auto-deploy directory. */
  path: absolutePath,
  /** YAML documents. */
  content: z.string(),
  /** Path on the board of the kubeconfig that the objects are deleted with. */
  kubeconfig: absolutePath,
});

type Inputs = z.output<typeof inputs>;

/** A manifest is a file that nobody but root reads: it may hold secrets. */
function asFile({ connection, path, content }: Inputs) {
  return { connection, path, content, mode: "0600", owner: "root", group: "root" };
}

function objectsOf(content: string): KubernetesObject[] {
  return loadAll(content).filter(
    (document): document is KubernetesObject => typeof document === "object" && document !== null,
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === 404;
}

/** Deletes what the manifest has deployed. A cluster that does not answer keeps it, and is told so: it goes with the cluster's data. */
async function deleteObjects(context: Context, state: Inputs): Promise<void> {
  const board = await context.board(state.connection);
  try {
    const api = KubernetesObjectApi.makeApiClient((await clientFromBoard(board, state.kubeconfig)).kubeConfig);
    for (const object of objectsOf(state.content).reverse()) {
      try {
        await api.delete(object, undefined, undefined, undefined, undefined, "Background");
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  } catch (error) {
    context.log("warning", `the objects of ${state.path} stay in the cluster: ${requestFailure(error)}`);
  }
}

/**
 * A manifest in k3s's auto-deploy directory. k3s applies a changed file within seconds and removes what left the file; it does not remove the
 * objects of a file that is gone, so deletion does that here.
 */
export const manifest: ResourceType<Inputs, Inputs> = {
  token: "board:index:Manifest",
  inputs,
  secretOutputs: [],
  ignored: ["kubeconfig"],
  async diff(state, wanted, secrets) {
    return file.diff(asFile(state), asFile(wanted), secrets);
  },
  async create(context, wanted) {
    await file.create(context, asFile(wanted));
    return { id: wanted.path, state: wanted };
  },
  async read(context, id, state) {
    const found = await file.read(context, id, asFile(state));
    if (found === undefined) return undefined;
    // a wrong mode or owner is drift as well, and is shown as what it is: another text
    const { content = "", mode, owner } = found.state;
    const expected = asFile(state);
    const seen =
      mode === expected.mode && owner === expected.owner ? content : `# mode ${mode}, owner ${owner}\n${content}`;
    const next = { ...state, content: seen };
    return { state: next, inputs: next };
  },
  async update(context, _id, _old, wanted) {
    await file.create(context, asFile(wanted));
    return wanted;
  },
  async delete(context, id, state) {
    // the file first: while it is there, k3s would deploy the objects again
    await file.delete(context, id, asFile(state));
    await deleteObjects(context, state);
  },
};
