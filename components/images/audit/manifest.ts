import { z } from "zod";
import { digestOf, mediaTypes } from "../../../provider/registry/layout";
import type { OfferedPlatform } from "./platforms";
import type { ImageStore, StoredManifest } from "./store";

const indexTypes: readonly string[] = [mediaTypes.index, "application/vnd.docker.distribution.manifest.list.v2+json"];
const manifestTypes: readonly string[] = [mediaTypes.manifest, "application/vnd.docker.distribution.manifest.v2+json"];
const configTypes: readonly string[] = [mediaTypes.config, "application/vnd.docker.container.image.v1+json"];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ mediaType: z.string(), digest, size: z.number().int().nonnegative() });
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const index = z.object({ manifests: z.array(descriptor.extend({ platform: platform.optional() })) });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });

/** An image manifest. */
export type ImageManifest = z.output<typeof manifest>;

/** A manifest that a tag offers, and for which platform. */
export interface Offer {
  readonly platform: OfferedPlatform;
  readonly digest: string;
}

/** Indexes in indexes beyond this are somebody's mistake. */
const depthLimit = 4;
/** An image configuration is a few kilobytes. */
const configLimit = 8 * 1024 * 1024;

/** Media type that the bytes say themselves, else the one that the store says. */
function typeOf({ mediaType, bytes }: StoredManifest): string {
  try {
    const said = z.object({ mediaType: z.string() }).safeParse(JSON.parse(bytes.toString("utf8")));
    return said.success ? said.data.mediaType : mediaType;
  } catch {
    return mediaType;
  }
}

/**
 * A manifest or index by digest, its bytes checked.
 *
 * @throws when it is not there or other bytes are.
 */
export async function readManifest(store: ImageStore, repository: string, wanted: string): Promise<StoredManifest> {
  const found = await store.manifest(repository, wanted);
  if (!found) throw new Error(`${repository} has no manifest ${wanted}, although something there points to it`);
  const actual = digestOf(found.bytes);
  if (actual !== wanted) throw new Error(`the manifest ${wanted} of ${repository} has digest ${actual}`);
  return found;
}

/** Everything that a manifest or index offers. Attestations and signatures beside the images are not among it. */
export async function offersOf(
  store: ImageStore,
  repository: string,
  found: StoredManifest,
  depth = 0,
): Promise<Offer[]> {
  const mediaType = typeOf(found);
  if (!indexTypes.includes(mediaType)) {
    return [{ platform: await platformOf(store, repository, found), digest: found.digest }];
  }
  if (depth >= depthLimit) throw new Error(`the index ${found.digest} of ${repository} is nested too deep`);
  const { manifests } = parse(index, found, repository);
  const offers: Offer[] = [];
  for (const entry of manifests) {
    if (entry.platform && entry.platform.os !== "unknown") {
      offers.push({ platform: entry.platform, digest: entry.digest });
    } else if (!entry.platform) {
      const below = await readManifest(store, repository, entry.digest);
      offers.push(...(await offersOf(store, repository, below, depth + 1)));
    }
  }
  return offers;
}

/** The platform of an image whose index does not say it: what its configuration says. */
async function platformOf(store: ImageStore, repository: string, found: StoredManifest): Promise<OfferedPlatform> {
  const { config } = imageManifest(found, repository);
  if (config.size > configLimit) throw new Error(`the configuration ${config.digest} has ${config.size} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of store.blob(repository, config)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return platform.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`the configuration ${config.digest} of ${repository} does not say its platform`, { cause: error });
  }
}

/** @throws for what is no image manifest, in words that say what it is. */
export function imageManifest(found: StoredManifest, repository: string): ImageManifest {
  const mediaType = typeOf(found);
  if (!manifestTypes.includes(mediaType)) {
    const old = mediaType.includes("manifest.v1") ? ": the old format of Docker, which containerd does not take" : "";
    throw new Error(`${repository} has at ${found.digest} no image manifest but ${mediaType}${old}`);
  }
  const parsed = parse(manifest, found, repository);
  if (!configTypes.includes(parsed.config.mediaType)) {
    throw new Error(`${repository} has at ${found.digest} no container image but ${parsed.config.mediaType}`);
  }
  return parsed;
}

function parse<T>(schema: z.ZodType<T>, { bytes, digest: at }: StoredManifest, repository: string): T {
  try {
    return schema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (error) {
    throw new Error(`the manifest ${at} of ${repository} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
