import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "./cache";

/** Files from this size on, in bytes, are worth remembering: a k3s binary takes half a second, in each process of each run. */
const worthRemembering = 8 * 1024 * 1024;
/** Checksums kept, the newest. */
const remembered = 50;
/** A file that changed so recently could change again within the same tick of the file system's clock. */
const settledMilliseconds = 2000;

/** Lower-case hex digest of a file. That of a big file is remembered until the file changes. @throws what reading the file throws. */
export async function sha256OfFile(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
  if (size < worthRemembering) return hashed(path);
  // The change time cannot be set back by who writes the file.
  const identity = [dev, ino, size, mtimeNs, ctimeNs].join(":");
  const known = await recall();
  const before = known.find(([of]) => of === identity)?.[1];
  if (before !== undefined) return before;
  const sum = await hashed(path);
  if (Date.now() - Number(ctimeMs) > settledMilliseconds) await remember([[identity, sum], ...known]);
  return sum;
}

async function hashed(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

type Checksum = readonly [identity: string, sha256: string];

const fileOfChecksums = () => join(cacheDirectory(), "checksums");

async function recall(): Promise<Checksum[]> {
  const text = await readFile(fileOfChecksums(), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [identity = "", sum = ""] = line.split(" ");
    return /^[0-9a-f]{64}$/.test(sum) ? [[identity, sum] as const] : [];
  });
}

/** Of two runs that write at once one is forgotten, and hashes again. A cache that cannot be written is no reason to fail. */
async function remember(checksums: readonly Checksum[]): Promise<void> {
  const unfinished = `${fileOfChecksums()}.${randomUUID()}`;
  const lines = checksums.slice(0, remembered).map(([identity, sum]) => `${identity} ${sum}\n`);
  try {
    await writeFile(unfinished, lines.join(""), { mode: 0o600 });
    await rename(unfinished, fileOfChecksums());
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
}
