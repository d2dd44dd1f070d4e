import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";

/** Bytes that hold the ELF header of a program. */
const headBytes = 64 * 1024;

/** The first bytes of a file, enough to tell what it is: none of a directory, `undefined` where there is no file. */
export async function headOf(path: string): Promise<Buffer | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    // a directory
    return Buffer.alloc(0);
  } finally {
    await handle.close();
  }
}

/** Whether a file is compressed by gzip, as archives of releases are. */
export function isGzip(head: Buffer | undefined): boolean {
  return head?.[0] === 0x1f && head[1] === 0x8b;
}

/** Arguments of {@link unpackProgram}. */
export interface ProgramInArchive {
  /** Name of the file in the archive, in whatever directory it is there: `containerd` for `bin/containerd`. */
  readonly name: string;
  /** Where it is written. */
  readonly target: string;
  /** Config path of what leads to the archive. */
  readonly path: string;
}

/**
 * Takes one program out of a .tar.gz.
 *
 * @throws Error that names the config path where the archive has none of that name, or is no .tar.gz.
 */
export async function unpackProgram(archive: string, { name, target, path }: ProgramInArchive): Promise<void> {
  let isFound = false;
  const entries = extract();
  entries.on("entry", (header, content, next) => {
    const isProgram = header.type === "file" && header.name.split("/").at(-1) === name;
    if (!isProgram || isFound) {
      content.on("end", next).resume();
      return;
    }
    isFound = true;
    pipeline(content, createWriteStream(target)).then(() => next(), next);
  });
  await pipeline(createReadStream(archive), createGunzip(), entries).catch((error: unknown) => {
    throw new Error(`${path}: the archive cannot be read as a .tar.gz: ${(error as Error).message}`);
  });
  if (!isFound) throw new Error(`${path}: the archive has no file ${name} in it`);
}
