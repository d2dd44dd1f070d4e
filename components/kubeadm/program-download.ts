import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../tools/cache";
import { download } from "../../tools/download";
import type { Progress } from "../../tools/progress";
import { headOf, isGzip, unpackProgram } from "./program-archive";

/** A program at an address, or a .tar.gz with it. */
export interface ProgramAddress {
  readonly url: string;
  /** Of what is downloaded, program or archive. */
  readonly sha256: string;
}

const kind = "kubernetes-programs";

/**
 * A program that is downloaded once and kept. Upstream has containerd, and Kubernetes' programs for nodes, as archives with several programs in
 * each: the same address with the same checksum may stand for all of them, and is downloaded once.
 *
 * @param path - config path of the address.
 * @param name - what the program is called, also in an archive.
 * @returns path of the program on this machine.
 * @throws Error that names the config path where there is no address, and where the archive has no such program.
 */
export async function downloadedProgram(
  path: string,
  name: string,
  source: ProgramAddress | undefined,
  progress: Progress,
): Promise<string> {
  if (source === undefined) throw new Error(`${path}: is missing`);
  const { url, sha256 } = source;
  const directory = await cached(kind, sha256, (target) =>
    progress.step(`downloading ${name} from ${url}`, async (note) => {
      await download(url, join(target, name), { sha256, note });
      await chmod(join(target, name), 0o755);
    }),
  );
  // an archive is there under the name of the first program that was wanted of it
  const [file = name] = await readdir(directory);
  const local = join(directory, file);
  if (!isGzip(await headOf(local))) return local;
  const unpacked = await cached(kind, `${sha256}-${name}`, async (target) => {
    await unpackProgram(local, { name, target: join(target, name), path: `${path}.url` });
    await chmod(join(target, name), 0o755);
  });
  return join(unpacked, name);
}
