import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { RegistryClient } from "../../../provider/registry/client";
import { blobPath, type Descriptor, readLayout } from "../../../provider/registry/layout";
import { cacheDirectory, cached } from "../../../tools/cache";
import { imageManifest, readManifest } from "../audit/manifest";
import { finishLayout, writeBlob } from "../write-layout";

/** What a fetched image is read from: {@link RegistryClient}, or what reads blobs from an offset as it does. */
export type BlobStore = Pick<RegistryClient, "resolve" | "manifest" | "blob">;

/**
 * An image of a registry as an OCI layout in the cache, for ways of delivery that need its bytes here. A run that broke off goes on with the
 * byte behind the last one that it got.
 *
 * @param digest - of an image manifest, not of an index.
 * @returns the layout's directory.
 * @throws when the registry does not have it, or has other bytes under that digest.
 */
export async function fetchedImage(store: BlobStore, repository: string, digest: string): Promise<string> {
  return cached("fetched-images", digest.replace(":", "-"), async (target) => {
    const found = await readManifest(store, repository, digest);
    const { config, layers } = imageManifest(found, repository);
    await writeBlob(target, found.bytes);
    const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob]));
    for (const blob of blobs.values()) await fetchBlob(store, repository, blob, blobPath(target, blob.digest));
    await finishLayout(target, { mediaType: found.mediaType, digest, size: found.bytes.length });
    await readLayout(target);
    for (const blob of blobs.values()) await rm(partOf(blob), { force: true });
  });
}

/** Where a blob lies while it is fetched: outside of the entry, which a run that fails takes with it. */
function partOf({ digest }: Descriptor): string {
  return join(cacheDirectory("fetched-blobs"), digest.replace(":", "-"));
}

async function fetchBlob(store: BlobStore, repository: string, blob: Descriptor, target: string): Promise<void> {
  const part = partOf(blob);
  const there = existsSync(part) ? (await stat(part)).size : 0;
  const from = there > blob.size ? 0 : there;
  if (from < blob.size || blob.size === 0) {
    // chunk by chunk, and not through a stream's buffer, which a break would take with it
    const file = await open(part, from === 0 ? "w" : "a");
    try {
      for await (const chunk of store.blob(repository, blob, { from })) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(part), hash);
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual !== blob.digest) {
    await rm(part, { force: true });
    throw new Error(`blob ${blob.digest} of ${repository} has digest ${actual}; it is fetched anew the next time`);
  }
  await copyFile(part, target);
}
