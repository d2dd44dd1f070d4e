import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ExpectedError } from "../errors";

/**
 * Writes a file that only its owner can read, at once or not at all; missing directories are made (0700).
 *
 * @throws ExpectedError where it cannot be written. Then nothing of it is left.
 */
export function writePrivately(file: string, content: string | Buffer): void {
  const staged = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(staged, content, { mode: 0o600, flag: "wx" });
    renameSync(staged, file);
  } catch (error) {
    rmSync(staged, { force: true });
    throw new ExpectedError(`${file} cannot be written: ${(error as Error).message}`);
  }
}
