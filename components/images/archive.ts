import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { blobPath, digestOf, mediaTypes, readLayout } from "../../provider/registry/layout";
import { cached } from "../../tools/cache";
import type { BuiltImage } from "./image";
import { fullName, parseImageReference } from "./reference";
import { tarBlocks, tarEnd, type TarEntry } from "./tar";

/** containerd's annotation for the full name that an image gets when an archive is imported. */
const nameAnnotation = "io.containerd.image.name";

/** An image in an archive. */
export interface NamedImage {
  /** Image names; each becomes a full one (`docker.io/…`), as containerd looks it up by that only. */
  readonly names: readonly string[];
  readonly image: Pick<BuiltImage, "digest" | "layout" | "platform">;
}

/**
 * Images as a tar archive for `agent/images` or `ctr images import`: an OCI layout whose index gives them their names. The same images and names
 * give the same bytes.
 *
 * @returns path of the archive.
 * @throws when an image has no name or a blob of it is damaged.
 */
export async function imageArchive(images: readonly NamedImage[]): Promise<string> {
  const named = images.map(({ image, names }) => ({ image, names: fullNames(names) }));
  const identity = named.map(({ image, names }) => [image.digest, names]);
  const key = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32);
  const directory = await cached("image-archives", key, async (target) => {
    await pipeline(archiveChunks(named), createWriteStream(join(target, "image.tar")));
  });
  return join(directory, "image.tar");
}

function fullNames(names: readonly string[]): string[] {
  if (names.length === 0) throw new Error("an image archive needs at least one name, or its image could not be found");
  return [...new Set(names.map((name) => fullName(parseImageReference(name))))].sort();
}

async function* archiveChunks(images: readonly NamedImage[]): AsyncGenerator<Buffer> {
  const manifests: object[] = [];
  const blobs = new Map<string, () => Promise<Buffer>>();
  for (const { image, names } of images) {
    const layout = await readLayout(image.layout);
    const { mediaType, digest, manifest } = layout;
    blobs.set(digest, () => Promise.resolve(manifest));
    for (const blob of [layout.config, ...layout.layers])
      blobs.set(blob.digest, () => readBlob(image.layout, blob.digest));
    for (const name of names) {
      const tag = name.slice(name.lastIndexOf(":") + 1);
      manifests.push({
        mediaType,
        digest,
        size: manifest.length,
        platform: image.platform,
        annotations: { [nameAnnotation]: name, "org.opencontainers.image.ref.name": tag },
      });
    }
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  yield* tarBlocks(file("oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" }))));
  yield* tarBlocks(file("index.json", Buffer.from(JSON.stringify(index))));
  yield* tarBlocks(directoryEntry("blobs"));
  yield* tarBlocks(directoryEntry("blobs/sha256"));
  for (const [digest, read] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield* tarBlocks(file(blobPath("", digest), await read()));
  yield tarEnd;
}

async function readBlob(layout: string, digest: string): Promise<Buffer> {
  const content = await readFile(blobPath(layout, digest));
  if (digestOf(content) !== digest) throw new Error(`blob ${digest} in ${layout} is damaged; delete that directory`);
  return content;
}

function file(path: string, content: Buffer): TarEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, content };
}

function directoryEntry(path: string): TarEntry {
  return { path, type: "directory", mode: 0o755, uid: 0, gid: 0 };
}
