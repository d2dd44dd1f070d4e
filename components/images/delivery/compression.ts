import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cached } from "../../../tools/cache";
import { zstd, zstdIdentity } from "../zstd";

const chunkBytes = 1024 * 1024;

/**
 * An archive of `imageArchive`, compressed by zstd: k3s undoes it when it imports. The same archive gives the same bytes.
 *
 * @returns path of the compressed archive.
 */
export async function compressedArchive(archive: string): Promise<string> {
  const identity = JSON.stringify([basename(dirname(archive)), zstdIdentity]);
  const key = createHash("sha256").update(identity).digest("hex").slice(0, 32);
  const directory = await cached("compressed-archives", key, async (target) => {
    const content = createReadStream(archive, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>;
    await pipeline(zstd(content), createWriteStream(join(target, "image.tar.zst")));
  });
  return join(directory, "image.tar.zst");
}
