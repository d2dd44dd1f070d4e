import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { blobPath } from "../../provider/registry/layout";
import { cached } from "../../tools/cache";
import type { Progress } from "../../tools/progress";
import { readImage } from "./assemble";
import { auditImage, type AuditArgs } from "./audit/audit";
import { openLocalImages } from "./audit/local";
import { imageManifest, readManifest } from "./audit/manifest";
import type { ImageStore } from "./audit/store";
import type { ArchiveSource } from "./config";
import type { BuiltImage, Platform } from "./image";
import { UnfitImages } from "./unfit-images";
import { finishLayout, writeBlob } from "./write-layout";

/**
 * Copies one image out of a store into a layout of this machine, once per digest. Every blob is checked on the way.
 *
 * @param digest - of an image manifest, not of an index.
 */
export async function importImage(
  store: ImageStore,
  repository: string,
  digest: string,
  platform: Platform,
): Promise<BuiltImage> {
  const directory = await cached("images", `imported-${digest.replace(":", "-")}`, async (target) => {
    const found = await readManifest(store, repository, digest);
    const { config, layers } = imageManifest(found, repository);
    for (const blob of [config, ...layers]) {
      const path = blobPath(target, blob.digest);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(store.blob(repository, blob), createWriteStream(path));
    }
    await writeBlob(target, found.bytes);
    await finishLayout(target, { mediaType: found.mediaType, digest, size: found.bytes.length, platform });
  });
  return readImage(directory, platform);
}

/** What an image of an archive is checked against: the name that the board gets it under, for the allow-list (without one, its own), and the rest. */
export type ArchiveCheck = Pick<AuditArgs, "name" | "pageSize" | "allow">;

/**
 * The image of an OCI layout or of an archive of `docker save`, for the board's platform. The programs in it are checked.
 *
 * @throws UnfitImages where it is for other platforms or its programs are not what it says; Error where it holds several images and none was named.
 */
export async function imageFromArchive(
  source: ArchiveSource,
  platform: Platform,
  progress: Progress,
  check: ArchiveCheck = {},
): Promise<BuiltImage> {
  const local = await openLocalImages(source.path).catch((error: unknown) => {
    throw new Error(`${source.path} cannot be read as an image: ${(error as Error).message}`, { cause: error });
  });
  try {
    const names = local.images.map(({ name }) => name);
    const named = source.image === undefined ? local.images : local.images.filter(({ name }) => name === source.image);
    const [only] = named;
    if (only === undefined || new Set(named.map(({ reference }) => reference)).size > 1) {
      throw new Error(
        `${source.path} holds ${names.join(", ") || "no image"}: \`image\` says which of them is meant` +
          (source.image === undefined ? "" : `, and ${source.image} is not among them`),
      );
    }
    const { store } = local;
    const { reference } = only;
    const audit = await progress.step(`looking at ${source.path}`, (note) =>
      auditImage({ store, repository: only.name, reference, platform, name: only.name, ...check, note }),
    );
    if (audit.verdict !== "fits" || audit.platformDigest === undefined) {
      const said =
        audit.verdict === "programs"
          ? audit.problems.map(({ message }) => message)
          : [`it has ${audit.platforms.join(", ")}, the board is ${platform.os}/${platform.architecture}`];
      throw new UnfitImages(`${source.path} is refused`, said);
    }
    return await importImage(store, only.name, audit.platformDigest, platform);
  } finally {
    await local.close();
  }
}
