import { findCommand, runCommand } from "../../tools/command";
import { hostArchitecture } from "../../tools/host-architecture";
import { unlistedFlags } from "../../provider/systemd/program-help";
import type { Architecture } from "../board/architecture";
import type { K3sBinary } from "./binary";
import { askedFlags } from "./configuration/asked";
import { isBeyondTable, minorOf, type Role } from "./configuration/flags";

/** A node's k3s and the keys that the configuration has for it. */
export interface ConfiguredNode {
  readonly binary: K3sBinary;
  readonly arch: Architecture;
  readonly role: Role;
  readonly version: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Config path of the keys: `k3s.config`. */
  readonly section: string;
}

/** A key that a k3s does not know. */
export interface OwnHelpProblem {
  /** Config path of the key. */
  readonly path: string;
  readonly reason: string;
}

/** Prints what a program of that architecture says of a command; `undefined` where it cannot be run on this machine, or says nothing. */
export type AskHelp = (program: string, arch: Architecture, command: Role) => Promise<string | undefined>;

/** Seconds for a help: QEMU translates a large program at its start. */
const helpSeconds = 60;

/** `qemu-<name>` and `qemu-<name>-static`, QEMU's emulators of a single program. */
const emulators: Readonly<Record<Architecture, string>> = { riscv64: "riscv64", arm64: "aarch64", amd64: "x86_64" };

/** {@link AskHelp} by the program itself, run as it is or by an emulator that is installed. Nothing is installed for it. */
export const askHelp: AskHelp = async (program, arch, command) => {
  const how = commandFor(program, arch);
  if (how === undefined) return undefined;
  const [first, ...before] = how;
  const options = { timeoutSeconds: helpSeconds, purpose: `asking ${program} which flags it has` };
  try {
    return (await runCommand(first, [...before, command, "--help"], options)).stdout;
  } catch {
    // the board's own answer is the one that counts, and comes before anything is changed
    return undefined;
  }
};

/**
 * How a program of that architecture is run here. One of another architecture is never started by itself, although this machine may have a
 * handler for it (binfmt_misc): where it has none, the C library would hand the program to a shell.
 */
function commandFor(program: string, arch: Architecture): readonly [string, ...string[]] | undefined {
  if (arch === hostArchitecture()) return [program];
  const emulator = findCommand(`qemu-${emulators[arch]}-static`) ?? findCommand(`qemu-${emulators[arch]}`);
  return emulator === undefined ? undefined : [emulator, program];
}

/**
 * What a k3s that is newer than the table of flags says itself to the keys that it is to have: the table knows neither what it has brought nor
 * what it has lost. Asked where its binary is a file of this machine that can be run here: the board is asked in any case, when the binary lies there.
 */
export async function ownHelpProblems(
  nodes: readonly ConfiguredNode[],
  ask: AskHelp = askHelp,
): Promise<OwnHelpProblem[]> {
  const answers = new Map<string, Promise<string | undefined>>();
  const problems = nodes.map(async ({ binary, arch, role, version, config, section }) => {
    const keys = askedFlags(Object.keys(config), { role, version });
    if (binary.kind !== "file" || keys.length === 0 || !isBeyondTable(minorOf(version))) return [];
    const question = JSON.stringify([binary.local, role]);
    const answer = answers.get(question) ?? ask(binary.local, arch, role);
    answers.set(question, answer);
    return unlistedFlags(keys, (await answer) ?? "").map(({ name, nearest }) => ({
      path: `${section}.${name}`,
      reason: `k3s ${version} has no flag --${name}, by its own help${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
    }));
  });
  return (await Promise.all(problems)).flat();
}
