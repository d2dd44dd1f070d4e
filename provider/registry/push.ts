import type { RegistryClient } from "./client";
import { blobPath, type Layout } from "./layout";
import { RegistryError } from "./registry-error";

/** What a push moved. */
export interface Pushed {
  /** Bytes of the blobs that the registry did not have; 0 when it had all. */
  readonly bytes: number;
  /** Number of these blobs. */
  readonly blobs: number;
}

/**
 * Puts an image under a tag: the blobs that the registry lacks, then the manifest, so that the tag never points to something that is not
 * whole. Whatever an interrupted push left is either a whole blob, which is used, or nothing.
 *
 * @param note - called now and then during a long upload with what it is at.
 */
export async function pushImage(
  client: RegistryClient,
  layout: Layout,
  { repository, tag }: { repository: string; tag: string },
  note: (text: string) => void = () => undefined,
): Promise<Pushed> {
  let bytes = 0;
  let blobs = 0;
  for (const blob of [...layout.layers, layout.config]) {
    if (await client.hasBlob(repository, blob)) continue;
    await client.uploadBlob(repository, blob, blobPath(layout.directory, blob.digest), (sent) =>
      note(`${megabytes(sent)} of ${megabytes(blob.size)} sent`),
    );
    bytes += blob.size;
    blobs += 1;
  }
  await client.putManifest(repository, tag, layout.mediaType, layout.manifest);
  const found = await client.resolve(repository, tag);
  if (found !== layout.digest) {
    const what = `${repository}:${tag} was pushed as ${layout.digest} and is ${found ?? "not there"} now: somebody else moves it too`;
    throw new RegistryError("digest", client.label, what);
  }
  return { bytes, blobs };
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
