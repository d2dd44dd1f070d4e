import { access } from "node:fs/promises";
import { z } from "zod";
import { PartialFailure, type Context, type Difference, type Problem, type ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { isUnknown } from "../unknowns";
import { Ctr } from "./ctr";
import { namesToRemove, type ListedImage } from "./image-list";

const command = z.array(z.string().min(1)).min(1);

const inputs = z.strictObject({
  connection: connectionArgs,
  name: z
    .string()
    .regex(
      /^[^/\s]+[.:][^/\s]*\/[^@\s]+:[^/@\s]+$/,
      "expected a full name such as docker.io/rancher/mirrored-pause:3.10.2; containerd finds no other",
    ),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "expected sha256:<64 hex digits>"),
  archive: z.string().min(1).optional(),
  pull: z
    .strictObject({
      reference: z
        .string()
        .regex(
          /^[^/\s@]+(?:\/[^/\s@]+)+@sha256:[0-9a-f]{64}$/,
          "expected <registry>/<repository>@sha256:<64 hex digits>",
        ),
      command: command.default(["k3s", "crictl"]),
    })
    .optional(),
  command: command.default(["k3s", "ctr"]),
  pinned: z.boolean().default(true),
});

type Inputs = z.output<typeof inputs>;

/** `board:index:ContainerdImage`: an image under a name in the board's containerd. State and inputs have the same properties. */
export const containerdImage: ResourceType<Inputs, Inputs> = {
  token: "board:index:ContainerdImage",
  inputs,
  secretOutputs: [],
  ignored: ["archive", "pull", "command"],

  async check(wanted) {
    const problems: Problem[] = [];
    const { archive, pull, digest } = wanted;
    if ((archive === undefined) === (pull === undefined))
      problems.push({ property: "archive", reason: "give either archive or pull" });
    if (archive !== undefined && !isUnknown(archive)) {
      const reason = `there is no file ${archive}`;
      await access(archive).catch(() => problems.push({ property: "archive", reason }));
    }
    if (
      pull !== undefined &&
      !isUnknown(pull.reference) &&
      !isUnknown(digest) &&
      !pull.reference.endsWith(`@${digest}`)
    )
      problems.push({ property: "pull.reference", reason: `${pull.reference} is not the image ${digest}` });
    return { inputs: wanted, problems };
  },

  diff(state, wanted): Difference {
    const changed = (["digest", "pinned"] as const).filter((property) => state[property] !== wanted[property]);
    const replaces = state.name === wanted.name ? [] : ["name"];
    const notes =
      changed.includes("digest") && replaces.length === 0
        ? [`${wanted.name} in containerd becomes another image; pods keep what they run`]
        : [];
    return { changed, replaces, notes };
  },

  async create(context, wanted) {
    const ctr = await ctrOf(context, wanted);
    await ctr.changeImages(async (images) => {
      const there = find(images, wanted.name);
      const foreign = there !== undefined && there.digest !== wanted.digest;
      const name = originalName(wanted.name);
      // kept by an earlier run whose end nobody saw: what is under the name now may be its own
      if (foreign && find(images, name) === undefined) {
        await ctr.tag(there, name);
        await ctr.pin({ ...there, name }, true);
      }
      try {
        await put(ctr, wanted, images);
      } catch (error) {
        if (foreign) throw new PartialFailure(wanted.name, wanted, error as Error);
        throw error;
      }
    });
    return { id: wanted.name, state: wanted };
  },

  async read(context, _id, state) {
    const listing = await (await ctrOf(context, state)).read();
    if (listing.kind === "absent") return undefined;
    if (listing.kind === "stopped") {
      // Images survive a stop; whoever owns the service mends it in this run.
      context.log("warning", `containerd does not answer, so ${state.name} is taken as unchanged: ${listing.reason}`);
      return { state, inputs: state };
    }
    const there = find(listing.images, state.name);
    if (!there) return undefined;
    const found = { ...state, digest: there.digest, pinned: there.pinned };
    return { state: found, inputs: found };
  },

  async update(context, _id, _old, wanted) {
    const ctr = await ctrOf(context, wanted);
    await ctr.changeImages((images) => put(ctr, wanted, images));
    return wanted;
  },

  async delete(context, _id, state) {
    const ctr = await ctrOf(context, state);
    await ctr.change(async (listing) => {
      if (listing.kind === "absent") return;
      if (listing.kind === "stopped") {
        // A k3s that does not start any more is a reason to take a stack down, and must not be in its way.
        context.log(
          "warning",
          `${state.name} stays in containerd's store, as containerd does not answer: ${listing.reason}`,
        );
        return;
      }
      const original = find(listing.images, originalName(state.name));
      if (!original) return ctr.remove(namesToRemove(listing.images, state.name));
      await ctr.tag(original, state.name);
      await ctr.remove([original.name]);
    });
  },
};

async function ctrOf(context: Context, { connection, command }: Inputs): Promise<Ctr> {
  return Ctr.of(await context.board(connection), command);
}

/** Gives the name its image: as containerd has it under another name, else from where the inputs say; and pins it. */
async function put(ctr: Ctr, wanted: Inputs, images: readonly ListedImage[]): Promise<void> {
  const { name, digest, archive, pull, pinned } = wanted;
  const there = find(images, name);
  if (there?.digest === digest) {
    if (pinned !== there.pinned) await ctr.pin(there, pinned);
    return;
  }
  const same = images.find((image) => image.digest === digest);
  if (same !== undefined) await ctr.tag(same, name);
  else if (pull !== undefined) await ctr.pull(pull.command, pull.reference, name);
  else if (archive !== undefined) {
    const now = find(await ctr.import(archive), name);
    if (now?.digest !== digest) {
      const found = now?.digest ?? "not there";
      const what = `after the import of ${archive}, ${name} is ${found} instead of ${digest}`;
      throw new BoardError("refused", ctr.label, what, "Make the archive anew");
    }
  }
  if (pinned) await ctr.pin({ name, digest, pinned: false }, true);
}

/** A second name that keeps what a name was before our first change: without a name, containerd's garbage collection takes it. */
function originalName(name: string): string {
  return `original.k3s-board.local/${name}`;
}

function find(images: readonly ListedImage[], name: string): ListedImage | undefined {
  return images.find((image) => image.name === name);
}
