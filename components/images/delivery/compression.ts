import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cached } from "../../../tools/cache";

/** The bytes hang on the compressor: package.json pins its version, and a test its output. */
const compressor = "@hpcc-js/wasm-zstd 1.12.5";
/** Layers are compressed already, so that more effort saves nothing. */
const level = 3;
const chunkBytes = 1024 * 1024;

/**
 * An archive of `imageArchive`, compressed by zstd: k3s undoes it when it imports. The same archive gives the same bytes.
 *
 * @returns path of the compressed archive.
 */
export async function compressedArchive(archive: string): Promise<string> {
  const identity = JSON.stringify([basename(dirname(archive)), compressor, level]);
  const key = createHash("sha256").update(identity).digest("hex").slice(0, 32);
  const directory = await cached("compressed-archives", key, async (target) => {
    const content = createReadStream(archive, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>;
    await oneAfterTheOther(() => pipeline(zstd(content), createWriteStream(join(target, "image.tar.zst"))));
  });
  return join(directory, "image.tar.zst");
}

/** The library has one stream only, so that one archive is compressed after the other. */
let busy: Promise<unknown> = Promise.resolve();

function oneAfterTheOther<T>(work: () => Promise<T>): Promise<T> {
  const turn = busy.then(work);
  busy = turn.catch(() => undefined);
  return turn;
}

/** Compresses a stream; not two at a time. How it is cut into chunks is part of what the output hangs on. */
export async function* zstd(content: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  // an ES module, and only needed where something is compressed
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  const stream = await Zstd.load();
  stream.reset();
  stream.setCompressionLevel(level);
  for await (const chunk of content) yield stream.compressChunk(chunk);
  yield stream.compressEnd();
}
