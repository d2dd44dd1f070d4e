import { FileTree, type FileContent } from "./audit/tree";
import type { ProgramProblem } from "./audit/result";
import { parseElf, type Elf } from "./elf";
import type { Platform } from "./image";
import { UnfitImages } from "./unfit-images";

/** Options of {@link programProblems}. */
export interface ProgramCheck {
  /** Page size of the board's kernel in bytes; some aarch64 kernels have 65536. Defaults to 4096. */
  readonly pageSize?: number;
}

/** What the programs of a tree came to. */
export interface CheckedPrograms {
  /** ELF programs and libraries that were looked at. */
  readonly programs: number;
  /** Sorted by path. */
  readonly problems: readonly ProgramProblem[];
}

/** Page size of nearly every kernel. */
export const usualPageSize = 4096;

/**
 * What is wrong with the programs and libraries of an image: built for another architecture or float ABI, an interpreter that the image does not
 * have, or segments that a kernel with larger pages cannot map. An image's manifest can say `riscv64` over x86-64 programs; the node then shows
 * nothing but sandboxes that die. eBPF objects and relocatable objects are data and are not looked at.
 */
export function programProblems(
  tree: FileTree,
  platform: Platform,
  { pageSize = usualPageSize }: ProgramCheck = {},
): CheckedPrograms {
  let programs = 0;
  const problems: ProgramProblem[] = [];
  for (const file of tree.files()) {
    const found = file.damage === undefined ? undefined : damaged(file.damage);
    if (found) problems.push(problem(file, found));
    if (!file.elf || !isProgram(file.elf)) continue;
    programs += 1;
    const facts = factsOf(file.elf, platform, pageSize, (path) => tree.hasFile(path));
    problems.push(...facts.map((fact) => problem(file, fact)));
  }
  return { programs, problems: problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) };
}

function isProgram({ machine, type }: Elf): boolean {
  return machine !== "bpf" && (type === "executable" || type === "dynamic");
}

/** A problem before it has a place; `says` goes behind the file's name. */
type Fact = Pick<ProgramProblem, "kind" | "found" | "wanted"> & { readonly says: string };

function damaged(why: string): Fact {
  return { kind: "damaged", found: why, wanted: "a whole ELF file", says: `is a ${why}` };
}

function problem(file: FileContent & { readonly path: string }, { says, ...fact }: Fact): ProgramProblem {
  const where = file.layer === "" ? "" : ` (layer ${file.layer.slice(0, "sha256:".length + 12)})`;
  return { ...fact, layer: file.layer, path: file.path, message: `${file.path}${where} ${says}` };
}

function factsOf(elf: Elf, platform: Platform, pageSize: number, exists: (path: string) => boolean): Fact[] {
  const { architecture } = platform;
  if (elf.machine !== architecture) {
    const says = `is a program for ${elf.machine}, the image is for ${architecture}`;
    return [{ kind: "architecture", found: elf.machine, wanted: architecture, says }];
  }
  const facts: Fact[] = [];
  if (elf.floatAbi !== undefined && elf.floatAbi !== "double") {
    const says = `uses the ${elf.floatAbi}-float ABI; Linux on ${architecture} uses double`;
    facts.push({ kind: "float-abi", found: `${elf.floatAbi}-float`, wanted: "double-float", says });
  }
  const { interpreter } = elf;
  if (interpreter !== undefined && !exists(interpreter)) {
    const says = `needs the interpreter ${interpreter}, which is not in the image; link it statically`;
    facts.push({ kind: "interpreter", found: "no such file", wanted: interpreter, says });
  }
  const page = BigInt(pageSize);
  if (elf.segments.some(({ offset, address }) => (address - offset) % page !== 0n)) {
    const says = `is not aligned to the board's memory pages of ${pageSize} bytes`;
    facts.push({ kind: "page-size", found: "smaller pages", wanted: `pages of ${pageSize} bytes`, says });
  }
  return facts;
}

/** A file, directory or symlink of an image that is being made. */
export interface ImageFile {
  /** Absolute path in the image. */
  readonly path: string;
  /** Content of a regular file. */
  readonly content?: Buffer;
  /** Target of a symlink. */
  readonly target?: string;
}

/**
 * Refuses an image with {@link programProblems} before it is put together.
 *
 * @throws one error with all of them.
 */
export function checkPrograms(
  name: string,
  files: readonly ImageFile[],
  platform: Platform,
  check: ProgramCheck = {},
): void {
  const tree = new FileTree();
  tree.beginLayer("");
  for (const { path, content, target } of files) {
    if (target !== undefined) tree.add({ kind: "symlink", path, target });
    else if (content === undefined) tree.add({ kind: "directory", path });
    else tree.add({ kind: "file", path, ...readElf(content) });
  }
  refuseProblems(name, programProblems(tree, platform, check).problems);
}

/** @throws one error with all problems, where there is one. */
export function refuseProblems(name: string, problems: readonly ProgramProblem[]): void {
  if (problems.length === 0) return;
  throw new UnfitImages(
    `image ${name} is refused`,
    problems.map(({ message }) => message),
  );
}

function readElf(content: Buffer): { elf?: Elf; damage?: string } {
  try {
    const elf = parseElf(content);
    return elf ? { elf } : {};
  } catch (error) {
    return { damage: (error as Error).message };
  }
}
