import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cached, findCached } from "./cache";
import { runCommand } from "./command";
import { download, downloadText } from "./download";
import type { Progress } from "./progress";

/** A .tar.gz that a project publishes together with its checksum. */
export interface Release {
  /** Name for messages and for the cache: `pulumi-v3.259.0-linux-x64`. */
  readonly name: string;
  readonly url: string;
  /** A text with the archive's sha256: a bare digest, or lines of `<digest>  <file name>`. */
  readonly checksumUrl: string;
}

/** The directory of a release that was unpacked before. */
export function findRelease(release: Release): Promise<string | undefined> {
  return findCached("releases", release.name);
}

/**
 * Downloads a release, checks its sha256 and unpacks it.
 *
 * @returns the directory with what the archive holds.
 * @throws when the server does not answer, the digest differs or the archive is broken.
 */
export async function fetchRelease(release: Release, progress: Progress): Promise<string> {
  // Outside the step: a machine that cannot reach the server at all is no failure to show, there are other ways.
  const sha256 = checksumOf(release.url, await downloadText(release.checksumUrl));
  return progress.step(`downloading ${release.name}`, (note) =>
    cached("releases", release.name, async (directory) => {
      const archive = join(directory, "archive.tar.gz");
      await download(release.url, archive, { sha256, note });
      note("unpacking");
      await runCommand("tar", ["-xzf", archive, "-C", directory], { purpose: `unpacking ${release.name}` });
      await rm(archive);
    }),
  );
}

/** Finds the sha256 for a file in a text of checksums. */
export function checksumOf(url: string, text: string): string {
  const file = url.slice(url.lastIndexOf("/") + 1);
  for (const line of text.split("\n")) {
    const [digest, name] = line.trim().split(/\s+\*?/);
    if (digest && /^[0-9a-f]{64}$/.test(digest) && (name === undefined || name === file)) return digest;
  }
  throw new Error(`no sha256 for ${file} in its list of checksums`);
}
