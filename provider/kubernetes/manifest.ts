import { z } from "zod";
import { file } from "../files/file";
import { absolutePath } from "../files/schema";
import type { ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { goesNote } from "../touches";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path in k3s's auto-deploy directory. */
  path: absolutePath,
  /** YAML documents. */
  content: z.string(),
});

type Inputs = z.output<typeof inputs>;

/** A manifest is a file that nobody but root reads: it may hold secrets. */
function asFile({ connection, path, content }: Inputs) {
  return { connection, path, content, mode: "0600", owner: "root", group: "root" };
}

/**
 * A manifest in k3s's auto-deploy directory. k3s applies a changed file within seconds and deletes what left the file. It does not delete the
 * objects of a file that is gone: `ManifestObjects` does.
 */
export const manifest: ResourceType<Inputs, Inputs> = {
  token: "board:index:Manifest",
  inputs,
  secretOutputs: [],
  async diff(state, wanted, secrets, formerSecrets) {
    return file.diff(asFile(state), asFile(wanted), secrets, formerSecrets);
  },
  announce: async (context, wanted, secrets) => (await file.announce?.(context, asFile(wanted), secrets)) ?? [],
  removal: ({ path }) => [goesNote(path)],
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
  delete: (context, id, state) => file.delete(context, id, asFile(state)),
};
