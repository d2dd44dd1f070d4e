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
  let known = 0;
  for (const offset of frames.slice(0, frameLimit)) {
    // frames that follow one another are unpacked in one go; each by itself would read the rest of the program again
    if (offset < known) continue;
    const frame = await namesInFrame(binary, offset);
    names.push(...frame.names);
    known = offset + frame.consumed;
  }
  return systemNames(names);
}

/**
 * Names in what the zstd frames from an offset on hold. What comes out before the data turns out to be none holds no names.
 *
 * @returns also how many bytes were frames for certain.
 */
async function namesInFrame(binary: string, offset: number): Promise<{ names: Iterable<string>; consumed: number }> {
  const scanner = new NameScanner();
  let consumed = 0;
  const stream = new Decompress((chunk) => {
    scanner.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  });
  try {
    for await (const chunk of createReadStream(binary, { start: offset, highWaterMark: 1024 * 1024 })) {
      stream.push(chunk as Buffer);
      consumed += (chunk as Buffer).length;
    }
  } catch {
    // behind the frames comes the rest of the program, which is none: what they held is good
  }
  return { names: scanner.names, consumed };
}

/** What stands before a name; looked for in the bytes, as the patterns of {@link namesIn} take minutes over a whole program. */
const beginnings = ["%{SYSTEM_DEFAULT_REGISTRY}%", "image:", "repository:", "rancher/", "carvicsforth/"];

/** Looks for names in bytes that come in pieces; a program does not end with a name. */
class NameScanner {
  readonly names = new Set<string>();
  #tail = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    for (const beginning of beginnings) {
      for (let at = bytes.indexOf(beginning); at >= 0; at = bytes.indexOf(beginning, at + 1)) {
        const text = bytes.toString("latin1", Math.max(0, at - 1), at + longestName);
        for (const name of namesIn(text, text.length)) this.names.add(name);
      }
    }
    this.#tail = bytes.subarray(Math.max(0, bytes.length - longestName));
  }
}
