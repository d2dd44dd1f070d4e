import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Decompress } from "fzstd";
import { z } from "zod";
import { cached } from "../../tools/cache";
import { sha256OfFile } from "../../tools/digest";
import type { Progress } from "../../tools/progress";
import { type FoundNames, longestName, namesIn, systemNames } from "./image-names";
import { systemImageKeys } from "./system-image-keys";

const record = z.partialRecord(z.enum(systemImageKeys), z.string());

/** Raised whenever the same binary would come to other names. */
const readerVersion = 1;

/** How every zstd frame begins. k3s carries its inner programs and manifests as one. */
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** So many places that look like the beginning of a frame are tried; programs that use zstd have the number in their code as well. */
const frameLimit = 32;

/**
 * The system images that a k3s binary names, read from its bytes and from the archive inside it. Takes seconds, once for each binary.
 *
 * Releases before 1.25 or so have their manifests compressed in another way; what is not found is left out.
 */
export async function namesInBinary(binary: string, progress: Progress): Promise<FoundNames> {
  const key = `${await sha256OfFile(binary)}-${readerVersion}`;
  const directory = await cached("k3s-image-names", key, async (target) => {
    const names = await progress.step("reading the image names in the k3s binary", () => readNames(binary));
    await writeFile(join(target, "names.json"), JSON.stringify(names));
  });
  return record.parse(JSON.parse(await readFile(join(directory, "names.json"), "utf8")));
}

/** {@link namesInBinary} without the cache. */
export async function readNames(binary: string): Promise<FoundNames> {
  const outer = new NameScanner();
  const frames: number[] = [];
  let position = 0;
  let last = Buffer.alloc(0);
  for await (const chunk of createReadStream(binary, { highWaterMark: 1024 * 1024 })) {
    const bytes = Buffer.concat([last, chunk as Buffer]);
    outer.add(chunk as Buffer);
    for (let at = bytes.indexOf(zstdMagic); at >= 0; at = bytes.indexOf(zstdMagic, at + 1)) {
      frames.push(position - last.length + at);
    }
    position += (chunk as Buffer).length;
    last = bytes.subarray(Math.max(0, bytes.length - zstdMagic.length + 1));
  }
  const names = [...outer.names];
  for (const offset of frames.slice(0, frameLimit)) names.push(...(await namesInFrame(binary, offset)));
  return systemNames(names);
}

/** Names in what a zstd frame at an offset holds; what comes out before the data turns out to be none counts for nothing. */
async function namesInFrame(binary: string, offset: number): Promise<Iterable<string>> {
  const scanner = new NameScanner();
  let ended = false;
  const stream = new Decompress((chunk, final) => {
    scanner.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    ended ||= final === true;
  });
  try {
    for await (const chunk of createReadStream(binary, { start: offset, highWaterMark: 1024 * 1024 })) {
      stream.push(chunk as Buffer);
      if (ended) break;
    }
  } catch {
    // behind a whole frame comes the rest of the program, which is none: what the frame held is good
  }
  return scanner.names;
}

/** Looks for names in bytes that come in pieces; a program does not end with a name. */
class NameScanner {
  readonly names = new Set<string>();
  #tail = "";

  add(chunk: Buffer): void {
    const text = this.#tail + chunk.toString("latin1");
    for (const name of namesIn(text, text.length)) this.names.add(name);
    this.#tail = text.slice(-longestName);
  }
}
