import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../tools/cache";
import { download } from "../../tools/download";
import type { Progress } from "../../tools/progress";
import type { Architecture } from "../board/architecture";
import { expandHome } from "../../provider/local-paths";
import { elfOfFile } from "../images/elf-file";
import type { K3sConfig } from "./config";

/** A k3s that is there or that a package brings. */
export type K3sBinary =
  /** A file of this machine that is copied to the board. */
  | { readonly kind: "file"; readonly local: string; readonly path: string }
  /** A package of the board's distribution. */
  | { readonly kind: "package"; readonly name: string; readonly version?: string; readonly path: string }
  /** A file of the board that is somebody else's, with its unit. */
  | { readonly kind: "installed"; readonly path: string };

/** Where a copied binary lies on the board, as k3s's own installer has it. */
const installedPath = "/usr/local/bin/k3s";

/**
 * Finds or downloads the k3s binary and checks that it is a program for the board before anything uses it.
 *
 * @param path - config path of `source`. Defaults to `k3s.source`.
 * @throws Error that names the config path, where the file is missing, does not match its checksum or is for another architecture.
 */
export async function k3sBinary(
  source: K3sConfig["source"],
  arch: Architecture,
  progress: Progress,
  path = "k3s.source",
): Promise<K3sBinary> {
  if ("package" in source) {
    return {
      kind: "package",
      name: source.package,
      path: source.binary,
      ...(source.version === undefined ? {} : { version: source.version }),
    };
  }
  if ("installed" in source) return { kind: "installed", path: source.installed };
  const local = "url" in source ? await downloaded(source, progress, path) : expandHome(source.path);
  if (!existsSync(local)) throw new Error(`${path}.path: there is no file ${local}`);
  const elf = await elfOfFile(local);
  if (elf?.machine !== arch) {
    throw new Error(
      `${path}: ${local} is ${elf === undefined ? "no ELF program" : `for ${elf.machine}`}, the board is ${arch}`,
    );
  }
  return { kind: "file", local, path: installedPath };
}

/** The binary from the first of its addresses that has it with the right checksum. */
async function downloaded(
  { url, mirrors, sha256 }: Extract<K3sConfig["source"], { url: string }>,
  progress: Progress,
  path: string,
): Promise<string> {
  const directory = await cached("k3s", sha256, (target) =>
    progress.step(`downloading k3s from ${[url, ...mirrors].join(", or ")}`, async (note) => {
      const failures: string[] = [];
      for (const address of [url, ...mirrors]) {
        try {
          await download(address, join(target, "k3s"), { sha256, note });
          // it is asked for its flags where this machine can run it
          await chmod(join(target, "k3s"), 0o755);
          return;
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
          note(`${failures.length} of ${mirrors.length + 1} addresses do not have it`);
        }
      }
      throw new Error(`${path}: the binary cannot be downloaded:\n  ${failures.join("\n  ")}`);
    }),
  );
  return join(directory, "k3s");
}
