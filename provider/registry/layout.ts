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
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
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

/** The one image of an OCI layout directory. */
export interface Layout {
  readonly directory: string;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly mediaType: string;
  /** The manifest, byte for byte. */
  readonly manifest: Buffer;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/**
 * Reads an OCI layout that holds one image. Layers are only looked for, not hashed; see {@link verifyBlobs}.
 *
 * @throws when a part is missing, has another size, or the manifest does not have the digest that the index says.
 */
export async function readLayout(directory: string): Promise<Layout> {
  try {
    const parsedIndex = index.parse(JSON.parse(await readFile(join(directory, "index.json"), "utf8")));
    const [entry] = parsedIndex.manifests;
    if (!entry) throw new Error("its index names no manifest");
    const bytes = await readFile(blobPath(directory, entry.digest));
    const actual = digestOf(bytes);
    if (actual !== entry.digest) throw new Error(`its manifest has digest ${actual}, its index says ${entry.digest}`);
    const parsed = manifest.parse(JSON.parse(bytes.toString("utf8")));
    for (const blob of [parsed.config, ...parsed.layers]) {
      const { size } = await stat(blobPath(directory, blob.digest));
      if (size !== blob.size) throw new Error(`blob ${blob.digest} has ${size} bytes instead of ${blob.size}`);
    }
    const { config, layers } = parsed;
    return { directory, digest: entry.digest, mediaType: entry.mediaType, manifest: bytes, config, layers };
  } catch (error) {
    throw new Error(`${directory} is not a whole OCI layout of one image: ${(error as Error).message}`, {
      cause: error,
    });
  }
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
