import { chmod, open, realpath, rename, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Architecture } from "../components/board/architecture";
import { parseElf } from "../components/images/elf";
import { cached } from "../tools/cache";
import { download } from "../tools/download";
import type { Progress } from "../tools/progress";
import { buildLauncher } from "./launcher-build";

/**
 * Puts the k3s of a board at a fixed place on this machine, as a symbolic link: `$K3S_BINARY` where it is set; else what `$K3S_URL` with
 * `$K3S_SHA256` names; else the emulator's own launcher, which starts the Kubernetes parts that k3s bundles, the way k3s does.
 *
 * @param link - path of the link.
 * @throws when the file is not there or is no program for the board's architecture.
 */
export async function linkK3s(architecture: Architecture, link: string, progress: Progress): Promise<void> {
  const program = await findK3s(architecture, progress);
  await checkProgram(program, architecture);
  const fresh = `${link}.new`;
  await rm(fresh, { force: true });
  await symlink(await realpath(program), fresh);
  await rename(fresh, link);
}

async function findK3s(architecture: Architecture, progress: Progress): Promise<string> {
  const { K3S_BINARY, K3S_URL, K3S_SHA256 } = process.env;
  if (K3S_BINARY) return resolve(K3S_BINARY);
  if (K3S_URL) {
    if (!K3S_SHA256 || !/^[0-9a-f]{64}$/.test(K3S_SHA256)) {
      throw new Error("K3S_URL is set, but K3S_SHA256 is not the sha256 of that file (64 lower-case hex digits)");
    }
    const directory = await cached("k3s", K3S_SHA256, (unfinished) =>
      progress.step(`downloading k3s from ${new URL(K3S_URL).host}`, async (note) => {
        await download(K3S_URL, join(unfinished, "k3s"), { sha256: K3S_SHA256, note });
        await chmod(join(unfinished, "k3s"), 0o755);
      }),
    );
    return join(directory, "k3s");
  }
  return buildLauncher(architecture, progress);
}

/** Throws unless a file is a program for that architecture. */
export async function checkProgram(path: string, architecture: Architecture): Promise<void> {
  const header = await beginning(path).catch((error: unknown) => {
    throw new Error(`cannot read the k3s program ${path}: ${(error as Error).message}`, { cause: error });
  });
  const elf = parseElf(header);
  if (!elf) throw new Error(`${path} is not a k3s program: it is no ELF file`);
  if (elf.machine !== architecture) {
    throw new Error(`${path} is a program for ${elf.machine}, and the board is ${architecture}`);
  }
}

async function beginning(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
