import { isAbsolute } from "node:path";
import type { Architecture } from "../components/board/architecture";
import { findCommand, runCommand } from "./command";
import { sha256OfFile } from "./digest";
import { hostArchitecture } from "./host-architecture";
import { ensureCommands, ensureFiles, installHindrance } from "./host-packages";
import type { Progress } from "./progress";

/** Debian's names for a C compiler that produces programs of an architecture, wherever it runs. */
const compilers: Record<Architecture, { command: string; packages: string; libc: { cross: string; native: string } }> =
  {
    riscv64: {
      command: "riscv64-linux-gnu-gcc",
      packages: "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
      libc: { cross: "/usr/riscv64-linux-gnu/lib/libc.a", native: "/usr/lib/riscv64-linux-gnu/libc.a" },
    },
    arm64: {
      command: "aarch64-linux-gnu-gcc",
      packages: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
      libc: { cross: "/usr/aarch64-linux-gnu/lib/libc.a", native: "/usr/lib/aarch64-linux-gnu/libc.a" },
    },
    amd64: {
      command: "x86_64-linux-gnu-gcc",
      packages: "gcc-x86-64-linux-gnu libc6-dev-amd64-cross",
      libc: { cross: "/usr/x86_64-linux-gnu/lib/libc.a", native: "/usr/lib/x86_64-linux-gnu/libc.a" },
    },
  };

/** A C compiler and what it is, for cache keys: another compiler makes other bytes. */
export interface CCompiler {
  readonly command: string;
  /** Its own version line and the digest of its C library: what the bytes of a static program depend on besides its source. */
  readonly identity: string;
}

/**
 * Finds, or installs on Debian and Ubuntu, a C compiler for an architecture with a C library to link statically.
 *
 * @throws where it is missing and cannot be installed, with how to get it.
 */
export async function ensureCCompiler(architecture: Architecture, progress: Progress): Promise<CCompiler> {
  const native = hostArchitecture() === architecture;
  const { command, packages, libc } = compilers[architecture];
  // On its own architecture the prefixed name belongs to the ordinary compiler.
  const debianPackage = native ? "gcc libc6-dev" : packages;
  const why = `compiles C for ${architecture}`;
  await ensureCommands([{ command, debianPackage, why }], progress);
  let library = await libraryOf(command);
  if (library === undefined) {
    await ensureFiles([{ file: native ? libc.native : libc.cross, debianPackage, why }], progress);
    library = await libraryOf(command);
  }
  if (library === undefined)
    throw new Error(`${command} finds no libc.a, so it cannot link statically; install ${debianPackage}`);
  const version = (await runCommand(command, ["--version"])).stdout.split("\n")[0] ?? "";
  return { command, identity: `${version}, libc ${await sha256OfFile(library)}` };
}

/** Why this machine has no C compiler for an architecture and cannot get one; `undefined` where it has or can. Installs nothing. */
export async function cCompilerHindrance(architecture: Architecture): Promise<string | undefined> {
  const { command } = compilers[architecture];
  if (findCommand(command) !== undefined) return undefined;
  const why = await installHindrance();
  return why === undefined ? undefined : `this machine has no ${command}, and it is not installed here: ${why}`;
}

/** Path of the static C library that a compiler uses, `undefined` when it has none: it answers with the bare name then. */
async function libraryOf(command: string): Promise<string | undefined> {
  const path = (await runCommand(command, ["-print-file-name=libc.a"])).stdout.trim();
  return isAbsolute(path) ? path : undefined;
}
