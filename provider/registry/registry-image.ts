import { trace } from "../../tools/trace";
import { PartialFailure, type Context, type Difference, type Problem, type ResourceType } from "../resource";
import type { RegistryClient } from "./client";
import { registryClient } from "./clients";
import { copyImage, type ImageSource } from "./copy";
import { readLayoutRoot } from "./layout";
import { keepOriginal, restoreOriginal } from "./original";
import { layoutImage } from "./push";
import { RegistryError } from "./registry-error";
import { registryImageInputs, type RegistryImageInputs } from "./schema";
import { megabytes } from "./upload";

type Inputs = RegistryImageInputs;

interface State extends Inputs {
  /** The tag of an external registry had this image already: somebody else's, of another stack for example, and not ours to remove. */
  readonly found?: true;
}

const noteMilliseconds = 15_000;

/** `board:index:RegistryImage`: an image under a tag of a registry. */
export const registryImage: ResourceType<Inputs, State> = {
  token: "board:index:RegistryImage",
  inputs: registryImageInputs,
  secretOutputs: [],
  // Where the bytes come from changes nothing: the digest says what they are.
  ignored: ["layout", "upstream"],

  async check(wanted) {
    const problems: Problem[] = [];
    if ((wanted.layout === undefined) === (wanted.upstream === undefined)) {
      return { inputs: wanted, problems: [{ property: "layout", reason: "expected either `layout` or `upstream`" }] };
    }
    if (wanted.layout === undefined) return { inputs: wanted, problems };
    try {
      const { digest } = await readLayoutRoot(wanted.layout);
      if (digest !== wanted.digest) {
        problems.push({
          property: "digest",
          reason: `expected ${wanted.digest}, the image in ${wanted.layout} is ${digest}`,
        });
      }
    } catch (error) {
      problems.push({ property: "layout", reason: (error as Error).message });
    }
    return { inputs: wanted, problems };
  },

  diff(state, wanted): Difference {
    const { registry: was } = state;
    const { registry } = wanted;
    const moved = was.url !== registry.url || was.throughBoard !== registry.throughBoard;
    const replaces = (["repository", "tag"] as const).filter((property) => state[property] !== wanted[property]);
    const otherAccess =
      was.username !== registry.username || was.password !== registry.password || was.ca !== registry.ca;
    const otherImage = state.digest !== wanted.digest;
    return {
      changed: [...(otherImage ? ["digest"] : []), ...(otherAccess && !moved ? ["registry"] : [])],
      replaces: [...(moved ? ["registry"] : []), ...replaces],
      notes:
        otherImage && !moved && replaces.length === 0
          ? [
              `${nameOf(wanted)}: ${short(state.digest)} becomes ${short(wanted.digest)}; pods keep what they run until they are made anew`,
            ]
          : [],
    };
  },

  async create(context, wanted) {
    const client = await clientOf(context, wanted);
    const { repository, tag } = wanted;
    const id = `${wanted.registry.url}/${repository}:${tag}`;
    const current = await client.resolve(repository, tag);
    if (current === wanted.digest)
      return { id, state: wanted.registry.throughBoard ? wanted : { ...wanted, found: true } };
    const kept = current !== undefined && (await keepOriginal(client, repository, tag));
    try {
      await push(context, client, wanted);
    } catch (error) {
      // The original must find its way back when this resource is deleted, so the engine has to know of it.
      if (kept) throw new PartialFailure(id, wanted, error as Error);
      throw error;
    }
    return { id, state: wanted };
  },

  async read(context, _id, state) {
    const client = await clientOf(context, state);
    try {
      const digest = await client.resolve(state.repository, state.tag);
      if (digest === undefined) return undefined;
      return seen({ ...state, digest });
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (error.trouble === "unreachable" && state.registry.throughBoard) {
        // The registry on the board is ours: this run will start it, and then looks at what it has before it pushes.
        context.log("warning", `${error.message} Its images are looked at again once it runs.`);
        return undefined;
      }
      if (error.trouble === "unauthorized" || error.trouble === "unreachable") {
        // The state may hold a password that has been changed since, and an update comes with the new one. One that is gone must not keep the
        // stack from being changed or taken down; what has to be pushed to it fails.
        context.log("warning", `${error.message} ${nameOf(state)} is taken as unchanged.`);
        return seen(state);
      }
      throw error;
    }
  },

  async update(context, _id, { found }, wanted) {
    const client = await clientOf(context, wanted);
    const { repository, tag } = wanted;
    if ((await client.resolve(repository, tag)) === wanted.digest)
      return found === undefined ? wanted : { ...wanted, found };
    // the first push of ours: until now the tag was as somebody else had made it
    if (found) await keepOriginal(client, repository, tag);
    await push(context, client, wanted);
    return wanted;
  },

  async delete(context, _id, state) {
    const client = await clientOf(context, state);
    try {
      if ((await restoreOriginal(client, state.repository, state.tag)) || state.found) return;
      await removeTag(client, state);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (error.trouble !== "unreachable" && error.trouble !== "unsupported") throw error;
      context.log("warning", `${nameOf(state)} is not removed: ${error.message}`);
    }
  },
};

/** A state as it was read, with the inputs that it is made of. */
function seen({ found, ...inputs }: State): { state: State; inputs: Inputs } {
  return { state: found === undefined ? inputs : { ...inputs, found }, inputs };
}

/** The client of a resource's registry; what takes long is said beside the resource, transfers now and then only. */
async function clientOf(context: Context, wanted: Inputs, registry = wanted.registry): Promise<RegistryClient> {
  const client = await registryClient(context, wanted.connection, registry);
  let noted = Date.now();
  return client.noting((text) => {
    const transfer = text.endsWith(" sent");
    if (transfer && Date.now() - noted < noteMilliseconds) return;
    if (transfer) noted = Date.now();
    context.log("info", `${nameOf(wanted)}: ${text}`);
  });
}

async function sourceOf(context: Context, wanted: Inputs): Promise<ImageSource> {
  const { layout, upstream, digest } = wanted;
  if (upstream) {
    const client = await clientOf(context, wanted, upstream.registry);
    return client.image(upstream.repository, digest);
  }
  if (layout === undefined) throw new Error("neither `layout` nor `upstream` is given");
  return layoutImage(await readLayoutRoot(layout));
}

async function push(context: Context, client: RegistryClient, wanted: Inputs): Promise<void> {
  const { repository, tag } = wanted;
  const started = Date.now();
  const copied = await copyImage(await sourceOf(context, wanted), { client, repository, tag });
  const milliseconds = Date.now() - started;
  trace({ kind: "push", purpose: `pushing ${nameOf(wanted)}`, milliseconds, bytes: copied.bytes });
  const all = megabytes(copied.total.bytes);
  context.log(
    "info",
    copied.blobs === 0
      ? `${nameOf(wanted)}: all ${all} were there already, only the tag is new`
      : `${nameOf(wanted)}: pushed ${megabytes(copied.bytes)} of ${all} (${copied.blobs} of ${copied.total.blobs} blobs)`,
  );
}

/** Removes the tag; where a registry removes manifests only, the manifest, if no other tag has it. */
async function removeTag(client: RegistryClient, { repository, tag, digest }: Inputs): Promise<void> {
  try {
    await client.deleteManifest(repository, tag);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.trouble !== "unsupported") throw error;
    for (const other of await client.tags(repository)) {
      if (other !== tag && (await client.resolve(repository, other)) === digest) throw error;
    }
    await client.deleteManifest(repository, digest);
  }
}

function nameOf({ repository, tag }: Inputs): string {
  return `${repository}:${tag}`;
}

function short(digest: string): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}
