import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blobPath, digestOf, mediaTypes, readLayout } from "../../provider/registry/layout";
import { cached } from "../../tools/cache";
import type { BuiltImage } from "./image";
import { fullName, parseImageReference } from "./reference";
import { writeTar, type TarEntry } from "./tar";

/** containerd's annotation for the full name that an image gets when an archive is imported. */
const nameAnnotation = "io.containerd.image.name";

/**
 * An image as a tar archive for `agent/images` or `ctr images import`: an OCI layout whose index gives the image the names. The same image and
 * names give the same bytes.
 *
 * @param names - image names; each becomes a full one (`docker.io/…`), as containerd looks it up by that only.
 * @returns path of the archive.
 */
export async function imageArchive(image: BuiltImage, names: readonly string[]): Promise<string> {
  if (names.length === 0) throw new Error("an image archive needs at least one name, or its image could not be found");
  const full = [...new Set(names.map((name) => fullName(parseImageReference(name))))].sort();
  const key = createHash("sha256")
    .update(JSON.stringify([image.digest, full]))
    .digest("hex")
    .slice(0, 32);
  const directory = await cached("image-archives", key, async (target) => {
    await writeFile(join(target, "image.tar"), await archiveBytes(image, full));
  });
  return join(directory, "image.tar");
}

async function archiveBytes(image: BuiltImage, names: readonly string[]): Promise<Buffer> {
  const layout = await readLayout(image.layout);
  const manifests = names.map((name) => ({
    mediaType: layout.mediaType,
    digest: layout.digest,
    size: layout.manifest.length,
    platform: image.platform,
    annotations: { [nameAnnotation]: name, "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1) },
  }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  const blobs = new Map([[layout.digest, layout.manifest]]);
  for (const { digest } of [layout.config, ...layout.layers]) {
    const content = await readFile(blobPath(image.layout, digest));
    if (digestOf(content) !== digest)
      throw new Error(`blob ${digest} in ${image.layout} is damaged; delete that directory`);
    blobs.set(digest, content);
  }
  return writeTar([
    file("oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" }))),
    file("index.json", Buffer.from(JSON.stringify(index))),
    directoryEntry("blobs"),
    directoryEntry("blobs/sha256"),
    ...[...blobs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([digest, content]) => file(blobPath("", digest), content)),
  ]);
}

function file(path: string, content: Buffer): TarEntry {
  return { path, type: "file", mode: 0o644, uid: 0, gid: 0, content };
}

function directoryEntry(path: string): TarEntry {
  return { path, type: "directory", mode: 0o755, uid: 0, gid: 0 };
}
