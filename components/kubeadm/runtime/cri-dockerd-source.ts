import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expandHome } from "../../../provider/local-paths";
import { cached } from "../../../tools/cache";
import { download } from "../../../tools/download";
import type { Progress } from "../../../tools/progress";
import type { Architecture } from "../../board/architecture";
import { parseElf } from "../../images/elf";
import { headOf, isGzip, unpackProgram } from "../program-archive";
import type { CriDockerdConfig } from "./config";

/** Where a copied cri-dockerd lies on the board. */
const installedPath = "/usr/local/bin/cri-dockerd";

/** A cri-dockerd that is there or that a package brings. */
export type CriDockerd =
  /** A file of this machine that is copied to the board. */
  | { readonly kind: "file"; readonly local: string; readonly path: string }
  /** A package of the board's distribution. */
  | { readonly kind: "package"; readonly name: string; readonly path: string };

/** Architectures for which its releases have a program, as a .tgz with the program in it. */
const released: readonly Architecture[] = ["amd64", "arm64"];

/** What to give where there is no cri-dockerd for the board. */
export function criDockerdRemedy(arch: Architecture): string {
  const releases = released.includes(arch)
    ? `its releases (Mirantis/cri-dockerd on GitHub) have one for ${arch}`
    : `its releases (Mirantis/cri-dockerd on GitHub) have none for ${arch}, its sources build one: CGO_ENABLED=0 GOARCH=${arch} go build`;
  return (
    "This program cannot build cri-dockerd, which is no Go module. Give kubeadm.runtime.source " +
    `{ kind: path, path: <a cri-dockerd for ${arch}> }, { kind: url, url, sha256 }, or { kind: package } where the distribution has it; ${releases}`
  );
}

/**
 * Why a file is no cri-dockerd for the board; `undefined` where it may be one.
 *
 * @param head - its first bytes, or nothing where there is no such file.
 */
export function criDockerdProblem(path: string, head: Buffer | undefined, arch: Architecture): string | undefined {
  if (head === undefined) return `kubeadm.runtime.source.path: there is no file ${path}. ${criDockerdRemedy(arch)}`;
  const elf = parseElf(head);
  if (elf?.machine === arch) return undefined;
  const other = isGzip(head) ? "an archive and not the program in it" : "no ELF program";
  const is = elf === undefined ? other : `for ${elf.machine}`;
  return `kubeadm.runtime.source: ${path} is ${is}, the board is ${arch}. ${criDockerdRemedy(arch)}`;
}

/**
 * Finds or downloads cri-dockerd and checks that it is a program for the board before anything uses it. What is downloaded may be the program
 * or, as its releases have it, a .tgz with a file `cri-dockerd` in it; the checksum is that of what is downloaded.
 *
 * @throws Error that names the config path and says what to give, where there is none for the board.
 */
export async function criDockerd(
  source: CriDockerdConfig["source"],
  arch: Architecture,
  progress: Progress,
): Promise<CriDockerd> {
  if (source.kind === "package") return { kind: "package", name: source.package, path: source.binary };
  const local = source.kind === "url" ? await downloaded(source, progress) : expandHome(source.path);
  const problem = criDockerdProblem(local, await headOf(local), arch);
  if (problem !== undefined) throw new Error(problem);
  return { kind: "file", local, path: installedPath };
}

async function downloaded({ url, sha256 }: { url: string; sha256: string }, progress: Progress): Promise<string> {
  const directory = await cached("cri-dockerd", sha256, (target) =>
    progress.step(`downloading cri-dockerd from ${url}`, async (note) => {
      const program = join(target, "cri-dockerd");
      await download(url, program, { sha256, note });
      if (!isGzip(await headOf(program))) return;
      const archive = join(target, "cri-dockerd.tgz");
      await pipeline(createReadStream(program), createWriteStream(archive));
      await unpackProgram(archive, { name: "cri-dockerd", target: program, path: "kubeadm.runtime.source.url" });
      await rm(archive);
    }),
  );
  return join(directory, "cri-dockerd");
}
