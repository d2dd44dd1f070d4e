import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "../../tools/progress";
import { fetchDebianPackage } from "../../tools/debian-package";
import type { Architecture } from "../board/architecture";
import type { TreeEntry } from "./assemble";

/** Files of Debian packages, as an image has them. */
export interface DebianTree {
  /** Names and versions of the packages: the same ones have the same files. */
  readonly identity: readonly (readonly [name: string, version: string])[];
  /** Reads the files. */
  entries(): Promise<TreeEntry[]>;
}

/** Documentation, translations and the like: no program of an image reads them. */
const leftOut = "/usr/share";

/** Debian's packages have all programs and libraries below `/usr`; what was linked before that looks for them here. */
const merged = ["bin", "sbin", "lib", "lib64"];

/**
 * The files of Debian packages for an architecture, each at its own path.
 *
 * @param packages - names, with all that they depend on: nothing is added.
 * @param suite - Debian release.
 * @throws where there is no Debian archive to take them from, or it has no such package.
 */
export async function debianTree(
  packages: readonly string[],
  suite: string,
  architecture: Architecture,
  progress: Progress,
): Promise<DebianTree> {
  const fetched: { name: string; directory: string; version: string }[] = [];
  for (const name of packages)
    fetched.push({ name, ...(await fetchDebianPackage({ package: name, suite }, architecture, progress)) });
  return {
    identity: fetched.map(({ name, version }) => [name, version] as const),
    async entries() {
      const files = (await Promise.all(fetched.map(({ directory }) => filesBelow(directory, "")))).flat();
      const isMerged = (name: string) => files.some(({ path }) => path.startsWith(`/usr/${name}/`));
      return [...files, ...merged.filter(isMerged).map((name) => ({ path: `/${name}`, target: `usr/${name}` }))];
    },
  };
}

async function filesBelow(directory: string, inside: string): Promise<TreeEntry[]> {
  const found: TreeEntry[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = `${inside}/${entry.name}`;
    const here = join(directory, entry.name);
    if (path === leftOut) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(here, path)));
    else if (entry.isSymbolicLink()) found.push({ path, target: await readlink(here) });
    else if (entry.isFile())
      found.push({ path, content: await readFile(here), mode: (await stat(here)).mode & 0o7777 });
  }
  return found;
}
