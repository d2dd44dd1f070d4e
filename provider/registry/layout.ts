import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Media types of OCI's image format. */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  /** By compression. */
  layer: {
    none: "application/vnd.oci.image.layer.v1.tar",
    gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
    zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  },
} as const;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ mediaType: z.string(), digest, size: z.number().int().nonnegative() });
const index = z.object({ manifests: z.array(descriptor).length(1) });
const manifest = z.object({ mediaType: z.string().optional(), config: descriptor, layers: z.array(descriptor) });
const children = z.object({ manifests: z.array(descriptor) });

/** Points to a blob. */
export type Descriptor = z.output<typeof descriptor>;

/** What a manifest or an index points to. */
export interface Contents {
  /** Configuration and layers of an image; none for an index. */
  readonly blobs: readonly Descriptor[];
  /** Manifests of an index; none for an image. */
  readonly manifests: readonly Descriptor[];
}

/**
 * What a manifest or an index points to, by OCI's format or Docker's (version 2, schema 2).
 *
 * @throws for anything else.
 */
export function contentsOf(bytes: Buffer): Contents {
  const content: unknown = JSON.parse(bytes.toString("utf8"));
  const image = manifest.safeParse(content);
  if (image.success) return { blobs: [...image.data.layers, image.data.config], manifests: [] };
  const list = children.safeParse(content);
  if (list.success) return { blobs: [], manifests: list.data.manifests };
  throw new Error("it is neither an image manifest nor an index of OCI's or Docker's format");
}

/** What the index.json of an OCI layout directory points to: the manifest of an image, or an index. */
export interface LayoutRoot {
  readonly directory: string;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly mediaType: string;
  /** The manifest, byte for byte. */
  readonly manifest: Buffer;
}

/** The one image of an OCI layout directory. */
export interface Layout extends LayoutRoot {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/**
 * Reads what an OCI layout holds as its one entry, an image or an index. Blobs are only looked for, not hashed; see {@link verifyBlobs}.
 *
 * @throws when a part is missing, has another size, or a manifest does not have its digest.
 */
export async function readLayoutRoot(directory: string): Promise<LayoutRoot> {
  try {
    const parsedIndex = index.parse(JSON.parse(await readFile(join(directory, "index.json"), "utf8")));
    const [entry] = parsedIndex.manifests;
    if (!entry) throw new Error("its index names no manifest");
    const bytes = await wholeManifest(directory, entry.digest);
    return { directory, digest: entry.digest, mediaType: entry.mediaType, manifest: bytes };
  } catch (error) {
    throw new Error(`${directory} is not a whole OCI layout of one image: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Like {@link readLayoutRoot}, for a layout that holds an image. */
export async function readLayout(directory: string): Promise<Layout> {
  const root = await readLayoutRoot(directory);
  const image = manifest.safeParse(JSON.parse(root.manifest.toString("utf8")));
  if (!image.success) throw new Error(`${directory} holds an index, and not the manifest of an image`);
  return { ...root, config: image.data.config, layers: image.data.layers };
}

/** A manifest whose blobs, and whose manifests if it is an index, are there. */
async function wholeManifest(directory: string, wanted: string): Promise<Buffer> {
  const bytes = await readFile(blobPath(directory, wanted));
  const actual = digestOf(bytes);
  if (actual !== wanted) throw new Error(`its manifest has digest ${actual}, its index says ${wanted}`);
  const { blobs, manifests } = contentsOf(bytes);
  for (const blob of blobs) {
    const { size } = await stat(blobPath(directory, blob.digest));
    if (size !== blob.size) throw new Error(`blob ${blob.digest} has ${size} bytes instead of ${blob.size}`);
  }
  for (const child of manifests) await wholeManifest(directory, child.digest);
  return bytes;
}

/** Hashes every blob. Throws for one that does not have its digest. */
export async function verifyBlobs(layout: Layout): Promise<void> {
  for (const blob of [layout.config, ...layout.layers]) {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(blobPath(layout.directory, blob.digest))) hash.update(chunk as Buffer);
    const actual = `sha256:${hash.digest("hex")}`;
    if (actual !== blob.digest) throw new Error(`blob ${blob.digest} in ${layout.directory} has digest ${actual}`);
  }
}

/** Where a layout keeps a blob. */
export function blobPath(directory: string, digestOfBlob: string): string {
  return join(directory, "blobs", digestOfBlob.replace(":", "/"));
}

/** `sha256:<hex>` of bytes. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
