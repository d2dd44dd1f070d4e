import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Architecture } from "../board/architecture";
import { cached } from "../../tools/cache";
import { runCommand } from "../../tools/command";
import { ensureCCompiler, type CCompiler } from "../../tools/cross-compiler";
import type { Progress } from "../../tools/progress";

/** One C file to compile into a static program. */
export interface CProgram {
  /** Path of the C file. */
  readonly source: string;
  /** Compiler flags besides {@link flags}. */
  readonly flags: readonly string[];
  readonly architecture: Architecture;
}

/**
 * Small, static, and free of what would differ from run to run: paths, a build id, the compiler's own name. The compiler itself is the
 * machine's, so another one makes another program, and with it another digest; its version is part of the key.
 */
const flags = ["-Os", "-static", "-s", "-fno-ident", "-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-Wall"];

/** A compile that can be done: compiler found, key known. */
export interface CBuild {
  /** Everything that the bytes of the program depend on. */
  readonly key: string;
  /** Compiles, or takes the program from the cache; its path. */
  compile(): Promise<string>;
}

/**
 * Prepares to compile a C program for an architecture.
 *
 * @throws when the source or a compiler is missing.
 */
export async function prepareC(program: CProgram, progress: Progress): Promise<CBuild> {
  const text = await readFile(program.source);
  const compiler = await ensureCCompiler(program.architecture, progress);
  const all = [...flags, ...program.flags];
  const identity = JSON.stringify([basename(program.source), all, compiler.identity]);
  const hash = createHash("sha256").update(identity).update(text).digest("hex").slice(0, 24);
  const name = basename(program.source, ".c");
  const key = `${name}-${program.architecture}-${hash}`;
  return {
    key,
    async compile() {
      const build = (directory: string) =>
        progress.step(`compiling ${basename(program.source)} for ${program.architecture}`, () =>
          compile(compiler, program, all, join(directory, name)),
        );
      return join(await cached("c-builds", key, build), name);
    },
  };
}

async function compile(compiler: CCompiler, program: CProgram, all: readonly string[], output: string): Promise<void> {
  const directory = dirname(program.source);
  await runCommand(compiler.command, [...all, `-ffile-prefix-map=${directory}=.`, "-o", output, program.source], {
    timeoutSeconds: 120,
    purpose: `compiling ${program.source}`,
  });
}
