import type { Board } from "../ssh/board";
import { quote } from "../ssh/shell";
import { helpProblem, type StartFlags } from "./program-help";

/** Seconds that a program may take to print its help: the first start of a big one on a slow board. */
const helpSeconds = 60;
/** Bytes of a help that are read; k3s's has 20,000. */
const helpBytes = 262_144;

/**
 * Prints the help of one of a program's commands: what goes to standard output, whatever the exit code, since the help is what is judged. A
 * program that takes `--help` for something else is ended, and one that is not there prints nothing.
 */
export function helpScript(path: string, command: string): string {
  return `timeout -k 5 ${helpSeconds} ${quote(path)} ${quote(command)} --help 2>/dev/null </dev/null | head -c ${helpBytes}`;
}

/**
 * Asks a program on the board whether it has the flags that it is to be started with. Nothing is changed.
 *
 * @param path - where the program is now: in its place, or staged beside it.
 * @returns why it cannot be started so.
 */
export async function flagProblem(
  board: Board,
  flags: StartFlags | undefined,
  path: string | undefined = flags?.program,
): Promise<string | undefined> {
  if (flags === undefined || path === undefined || flags.names.length === 0) return undefined;
  const { stdout } = await board.run(helpScript(path, flags.command), {
    purpose: `asking ${flags.program} which flags it has`,
    timeoutSeconds: helpSeconds + 30,
  });
  return helpProblem(flags, stdout);
}
