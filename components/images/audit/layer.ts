import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Decompress } from "fzstd";
import { extract, type Header } from "tar-stream";
import { mediaTypes, type Descriptor } from "../../../provider/registry/layout";
import { ElfReader, type Elf } from "../elf";
import type { LayerEntry } from "./tree";

/** How a layer is compressed. */
export type Compression = "none" | "gzip" | "zstd";

const layerTypes: Readonly<Record<string, Compression>> = {
  [mediaTypes.layer.none]: "none",
  [mediaTypes.layer.gzip]: "gzip",
  [mediaTypes.layer.zstd]: "zstd",
  "application/vnd.docker.image.rootfs.diff.tar": "none",
  "application/vnd.docker.image.rootfs.diff.tar.gzip": "gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "zstd",
};

/**
 * How the layer of a descriptor is compressed.
 *
 * @throws for what no layer of a Linux image is: foreign layers, which lie outside the registry, and types that are not known.
 */
export function layerCompression({ mediaType, digest }: Descriptor): Compression {
  const compression = layerTypes[mediaType];
  if (compression) return compression;
  const why = /nondistributable|foreign/.test(mediaType)
    ? "a foreign layer, which is not in the registry but at an address of its own"
    : "not a layer of a Linux container image that is known here";
  throw new Error(`layer ${digest} has media type ${mediaType}: ${why}; its programs cannot be checked`);
}

/** Takes the compression away from a stream of bytes. */
export function decompressed(bytes: AsyncIterable<Buffer>, compression: Compression): AsyncIterable<Buffer> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gunzip(bytes);
    case "zstd":
      return unzstd(bytes);
  }
}

async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  const fed = pipeline(Readable.from(bytes), stream);
  fed.catch(() => undefined);
  try {
    yield* stream as AsyncIterable<Buffer>;
    await fed;
  } catch (error) {
    // Node ends at the end of the gzip stream and takes no more; runtimes refuse such a layer.
    if ((error as Error).name !== "AbortError") throw error;
    throw new Error("something else stands behind the end of its gzip stream", { cause: error });
  }
}

async function* unzstd(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const stream = new Decompress((chunk) => void ready.push(Buffer.from(chunk)));
  const taken = () => {
    const chunks = ready;
    ready = [];
    return chunks;
  };
  for await (const chunk of bytes) {
    stream.push(chunk);
    yield* taken();
  }
  stream.push(new Uint8Array(0), true);
  yield* taken();
}

/**
 * Reads a layer as it comes, and hands out its entries one by one. Of files nothing but ELF headers is kept.
 *
 * @throws what the stream throws, or that the layer cannot be unpacked.
 */
export async function readLayer(tar: AsyncIterable<Buffer>, add: (entry: LayerEntry) => void): Promise<void> {
  const archive = extract();
  archive.on("entry", (header: Header, stream, next) => {
    const path = `/${header.name}`;
    const done = (entry: LayerEntry) => {
      try {
        add(entry);
        next();
      } catch (error) {
        next(error as Error);
      }
    };
    const reader = new ElfReader(header.size ?? 0);
    stream.on("data", (chunk) => reader.push(chunk as Buffer));
    stream.on("end", () => done(entryOf(path, header, reader)));
  });
  await pipeline(tar, archive);
}

function entryOf(path: string, header: Header, reader: ElfReader): LayerEntry {
  const target = header.linkname ?? "";
  switch (header.type) {
    case "file":
    case "contiguous-file":
      return { kind: "file", path, ...elfOf(reader) };
    case "directory":
    case "symlink":
      return header.type === "symlink" ? { kind: "symlink", path, target } : { kind: "directory", path };
    case "link":
      return { kind: "hardlink", path, target: `/${target}` };
    default:
      return { kind: "other", path };
  }
}

function elfOf(reader: ElfReader): { elf?: Elf; damage?: string } {
  try {
    const elf = reader.end();
    return elf ? { elf } : {};
  } catch (error) {
    return { damage: (error as Error).message };
  }
}
