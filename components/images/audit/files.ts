import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { extract, type Header } from "tar-stream";
import { cacheDirectory } from "../../../tools/cache";
import { decompressed, type Compression } from "./layer";

/** Files by path: a directory, or an archive. */
export interface FileSource {
  /** What it is, for messages. */
  readonly label: string;
  /** Size in bytes; `undefined` where there is no such file. */
  size(path: string): Promise<number | undefined>;
  stream(path: string): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Bytes of a file that are read at once: indexes, manifests, configurations. */
const textLimit = 16 * 1024 * 1024;

/** Reads a small file whole. @throws where it is missing or not small. */
export async function readSmall(source: FileSource, path: string): Promise<Buffer> {
  const size = await source.size(path);
  if (size === undefined) throw new Error(`${source.label} has no ${path}`);
  if (size > textLimit) throw new Error(`${path} in ${source.label} has ${size} bytes; expected a small file`);
  const chunks: Buffer[] = [];
  for await (const chunk of source.stream(path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The files of a directory. */
export function directoryFiles(directory: string): FileSource {
  return {
    label: directory,
    size: async (path) => {
      const found = await stat(join(directory, path)).catch(() => undefined);
      return found?.isFile() ? found.size : undefined;
    },
    stream: (path) => createReadStream(join(directory, path), { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>,
    close: () => Promise.resolve(),
  };
}

/** Where a file's bytes are in an archive, or of which other file they are. */
type Place = { readonly start: number; readonly size: number } | { readonly sameAs: string };

/**
 * The files of a tar archive, which may be compressed by gzip or zstd. A compressed one is unpacked into a temporary file first, because its parts
 * are read in another order than they lie in; `close` removes it.
 *
 * @throws for what is no tar archive.
 */
export async function archiveFiles(path: string): Promise<FileSource> {
  const compression = await compressionOf(path);
  const temporary = compression === "none" ? undefined : await mkdtemp(join(cacheDirectory("unpacked"), "archive-"));
  const remove = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  try {
    const tar = temporary === undefined ? path : join(temporary, "archive.tar");
    if (temporary !== undefined) await pipeline(decompressed(chunksOf(path), compression), createWriteStream(tar));
    const places = await readPlaces(tar).catch((error: unknown) => {
      throw new Error(`${path} is not a tar archive: ${(error as Error).message}`, { cause: error });
    });
    const find = (name: string, hops = 0): { start: number; size: number } | undefined => {
      const place = places.get(name);
      if (place === undefined || "start" in place) return place;
      return hops > 8 ? undefined : find(place.sameAs, hops + 1);
    };
    return {
      label: path,
      size: (name) => Promise.resolve(find(name)?.size),
      stream: (name) => {
        const place = find(name);
        if (!place) throw new Error(`${path} has no ${name}`);
        return chunksOf(tar, place);
      },
      close: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function* chunksOf(path: string, place?: { start: number; size: number }): AsyncGenerator<Buffer> {
  if (place?.size === 0) return;
  const range = place ? { start: place.start, end: place.start + place.size - 1 } : {};
  yield* createReadStream(path, { highWaterMark: 256 * 1024, ...range }) as AsyncIterable<Buffer>;
}

async function readPlaces(tar: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  const archive = extract();
  archive.on("entry", (header: Header & { byteOffset?: number }, stream, next) => {
    const name = posix.join("/", header.name).slice(1);
    const start = header.byteOffset;
    if (header.type === "file" && start !== undefined) places.set(name, { start, size: header.size ?? 0 });
    // Old `docker save` lets a layer that two images share be a symlink in the second.
    if (header.type === "symlink") places.set(name, { sameAs: posix.join(posix.dirname(name), header.linkname ?? "") });
    if (header.type === "link") places.set(name, { sameAs: posix.join("/", header.linkname ?? "").slice(1) });
    stream.on("end", next).resume();
  });
  await pipeline(chunksOf(tar), archive);
  return places;
}

/** How a file is compressed, by its first bytes. */
export async function compressionOf(path: string): Promise<Compression> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return compressionOfBytes(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** How bytes are compressed, by the first four of them. */
export function compressionOfBytes(start: Buffer): Compression {
  if (start.length >= 2 && start.readUInt16BE(0) === 0x1f8b) return "gzip";
  if (start.length < 4) return "none";
  const magic = start.readUInt32LE(0);
  // A frame, or one of the frames that decoders skip, which may come first.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? "zstd" : "none";
}
