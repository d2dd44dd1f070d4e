import { access } from "node:fs/promises";
import { z } from "zod";
import { PartialFailure, type Context, type Difference, type ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { Ctr } from "./ctr";
import { namesToRemove, type ListedImage } from "./image-list";

const inputs = z.strictObject({
  connection: connectionArgs,
  name: z
    .string()
    .regex(
      /^[^/\s]+[.:][^/\s]*\/[^@\s]+:[^/@\s]+$/,
      "expected a full name such as docker.io/rancher/mirrored-pause:3.10.2; containerd finds no other",
    ),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "expected sha256:<64 hex digits>"),
  archive: z.string().min(1),
  command: z.array(z.string().min(1)).min(1).default(["k3s", "ctr"]),
  pinned: z.boolean().default(true),
});

type Inputs = z.output<typeof inputs>;

/** `board:index:ContainerdImage`: an image under a name in the board's containerd. State and inputs have the same properties. */
export const containerdImage: ResourceType<Inputs, Inputs> = {
  token: "board:index:ContainerdImage",
  inputs,
  secretOutputs: [],
  ignored: ["archive", "command"],

  async check(wanted) {
    try {
      await access(wanted.archive);
      return { inputs: wanted, problems: [] };
    } catch {
      return { inputs: wanted, problems: [{ property: "archive", reason: `there is no file ${wanted.archive}` }] };
    }
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
    const there = find(await ctr.listNow(), wanted.name);
    const foreign = there !== undefined && there.digest !== wanted.digest;
    if (foreign) {
      await ctr.tag(wanted.name, originalName(wanted.name));
      await ctr.pin(originalName(wanted.name));
    }
    try {
      await put(ctr, wanted, there);
    } catch (error) {
      if (foreign) throw new PartialFailure(wanted.name, wanted, error as Error);
      throw error;
    }
    return { id: wanted.name, state: wanted };
  },

  async read(context, _id, state) {
    const listing = await (await ctrOf(context, state)).list();
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
    await put(ctr, wanted, find(await ctr.listNow(), wanted.name));
    return wanted;
  },

  async delete(context, _id, state) {
    const ctr = await ctrOf(context, state);
    const listing = await ctr.list();
    if (listing.kind === "absent") return;
    if (listing.kind === "stopped") {
      // A k3s that does not start any more is a reason to take a stack down, and must not be in its way.
      context.log(
        "warning",
        `${state.name} stays in containerd's store, as containerd does not answer: ${listing.reason}`,
      );
      return;
    }
    const images = await ctr.listNow();
    const original = find(images, originalName(state.name));
    if (!original) return ctr.remove(namesToRemove(images, state.name));
    await ctr.tag(original.name, state.name);
    await ctr.remove([original.name]);
  },
};

async function ctrOf(context: Context, { connection, command }: Inputs): Promise<Ctr> {
  return new Ctr(await context.board(connection), command);
}

async function put(ctr: Ctr, wanted: Inputs, there: ListedImage | undefined): Promise<void> {
  if (there?.digest !== wanted.digest) {
    await ctr.import(wanted.archive);
    const now = find(await ctr.listNow(), wanted.name);
    if (now?.digest !== wanted.digest) throw wrongImage(wanted, now);
  }
  if (wanted.pinned) await ctr.pin(wanted.name);
}

function wrongImage({ name, digest, archive }: Inputs, now: ListedImage | undefined): Error {
  return new Error(
    `after the import of ${archive}, ${name} is ${now ? now.digest : "not there"} instead of ${digest}; make the archive anew`,
  );
}

/** A second name that keeps what a name was before our first import: without a name, containerd's garbage collection takes it. */
function originalName(name: string): string {
  return `original.k3s-board.local/${name}`;
}

function find(images: readonly ListedImage[], name: string): ListedImage | undefined {
  return images.find((image) => image.name === name);
}
