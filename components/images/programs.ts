import { posix } from "node:path";
import { parseElf, type Elf } from "./elf";
import type { Platform } from "./image";

/** A file of an image's final tree, as far as the check needs it. */
export interface ImageFile {
  /** Absolute path in the image. */
  readonly path: string;
  /** Content of a regular file. */
  readonly content?: Buffer;
  /** Target of a symlink. */
  readonly target?: string;
}

/** Options of {@link programProblems}. */
export interface ProgramCheck {
  /** Page size of the board's kernel in bytes; some aarch64 kernels have 65536. Defaults to 4096. */
  readonly pageSize?: number;
}

/**
 * What is wrong with the programs of an image: built for another architecture or float ABI, an interpreter that the image does not have, or
 * segments that a kernel with larger pages cannot map. An image's manifest can say `riscv64` over x86-64 programs; the node then shows nothing
 * but sandboxes that die. eBPF objects and relocatable objects are data and are not looked at.
 *
 * @returns sentences that name the file and both architectures; none when all is well.
 */
export function programProblems(
  files: readonly ImageFile[],
  platform: Platform,
  { pageSize = 4096 }: ProgramCheck = {},
): readonly string[] {
  const paths = new Map(files.map((file) => [posix.normalize(file.path), file]));
  return files.flatMap((file) => {
    if (!file.content) return [];
    let elf: Elf | undefined;
    try {
      elf = parseElf(file.content);
    } catch (error) {
      return [`${file.path}: ${(error as Error).message}`];
    }
    if (!elf || elf.machine === "bpf" || (elf.type !== "executable" && elf.type !== "dynamic")) return [];
    return problemsOf(file.path, elf, platform, pageSize, (path) => resolveLinks(path, paths) !== undefined);
  });
}

function problemsOf(
  path: string,
  elf: Elf,
  platform: Platform,
  pageSize: number,
  exists: (path: string) => boolean,
): string[] {
  if (elf.machine !== platform.architecture) {
    return [`${path} is a program for ${elf.machine}, the image is for ${platform.architecture}`];
  }
  const problems: string[] = [];
  if (elf.floatAbi !== undefined && elf.floatAbi !== "double") {
    problems.push(`${path} uses the ${elf.floatAbi}-float ABI; Linux on ${platform.architecture} uses double`);
  }
  if (elf.interpreter !== undefined && !exists(elf.interpreter)) {
    problems.push(`${path} needs the interpreter ${elf.interpreter}, which is not in the image; link it statically`);
  }
  const page = BigInt(pageSize);
  if (elf.segments.some(({ offset, address }) => (address - offset) % page !== 0n)) {
    problems.push(`${path} is not aligned to the board's memory pages of ${pageSize} bytes`);
  }
  return problems;
}

/** Follows symlinks, those of directories on the way included. `undefined` when the end is not in the image, or in a circle. */
function resolveLinks(path: string, files: ReadonlyMap<string, ImageFile>): string | undefined {
  let current = posix.normalize(path);
  for (let steps = 0; steps < 40; steps++) {
    const link = firstLink(current, files);
    if (!link) return files.has(current) ? current : undefined;
    current = posix.resolve(posix.dirname(link.path), link.target, `.${current.slice(link.path.length)}`);
  }
  return undefined;
}

function firstLink(path: string, files: ReadonlyMap<string, ImageFile>): { path: string; target: string } | undefined {
  const parts = path.split("/");
  for (let count = 2; count <= parts.length; count++) {
    const prefix = parts.slice(0, count).join("/");
    const target = files.get(prefix)?.target;
    if (target !== undefined) return { path: prefix, target };
  }
  return undefined;
}

/**
 * Refuses an image with {@link programProblems}.
 *
 * @throws one error with all of them.
 */
export function checkPrograms(
  name: string,
  files: readonly ImageFile[],
  platform: Platform,
  check: ProgramCheck = {},
): void {
  const problems = programProblems(files, platform, check);
  if (problems.length > 0) throw new Error(`image ${name} is refused:\n  ${problems.join("\n  ")}`);
}
