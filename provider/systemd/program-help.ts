import { posix } from "node:path";
import { nearest } from "../nearest";

/** A program's flags, as {@link unlistedFlags} is asked about them. */
export interface StartFlags {
  /** Absolute path of the program on the board. */
  readonly program: string;
  /** The command of it that the flags are for: `server` of `k3s server`. */
  readonly command: string;
  /** What it is started with, by command line or by configuration files: full names or short forms, without dashes. */
  readonly names: readonly string[];
}

/** A flag that a help does not list. */
export interface UnlistedFlag {
  readonly name: string;
  /** The listed one that is closest to it, where one is close. */
  readonly nearest?: string;
}

/** A help with fewer flags than that is no help that says what a program takes: that of a script in front of it, or of another program. */
const fewestFlags = 10;

/** A flag at the beginning of a text, with its placeholder: `--config FILE`, `-v value`, `--[no-]color`, `--log=FILE`. */
const flagAtStart = /^--?(?:\[no-\])?([A-Za-z0-9][\w.-]*)(?:[ =][^\s,]+)?/;

/** The names in a line of a help that begins with a flag: `   --config FILE, -c FILE  (config) …`. What stands behind them is not looked at. */
function flagsInLine(line: string): string[] {
  const names: string[] = [];
  // what is not indented is a heading or the beginning of prose
  let rest = /^\s/.test(line) ? line.trimStart() : "";
  for (let found = flagAtStart.exec(rest); found !== null; found = flagAtStart.exec(rest)) {
    const [text, name = ""] = found;
    names.push(name);
    rest = rest.startsWith(", ", text.length) ? rest.slice(text.length + 2) : "";
  }
  return names;
}

/**
 * The flags that a program's help lists, full names and short forms, without dashes. It is read as urfave/cli prints it (k3s: `--node-ip value,
 * -i value [ --node-ip value, -i value ]  …` since it has its version 2, without the brackets before), and as Go's pflag does.
 */
export function flagsInHelp(help: string): ReadonlySet<string> {
  return new Set(help.split("\n").flatMap(flagsInLine));
}

/** Which of the flags a program's help does not list, in the order of `names`; none where it lists too few to say anything. */
export function unlistedFlags(names: readonly string[], help: string): UnlistedFlag[] {
  const listed = flagsInHelp(help);
  if (listed.size < fewestFlags) return [];
  return names.flatMap((name) => {
    if (listed.has(name)) return [];
    const close = nearest(name, listed);
    return [{ name, ...(close === undefined ? {} : { nearest: close }) }];
  });
}

/** Why a program cannot be started so, by its own help; `undefined` where nothing speaks against it. */
export function helpProblem({ program, command, names }: StartFlags, help: string): string | undefined {
  const unlisted = unlistedFlags(names, help);
  if (unlisted.length === 0) return undefined;
  const flags = unlisted.map(({ name, nearest: close }) =>
    close === undefined ? `--${name}` : `--${name} (did you mean ${close}?)`,
  );
  return (
    `it would be started with what \`${posix.basename(program)} ${command} --help\` does not list: ${flags.join(", ")}. ` +
    "Take that out of its configuration, or write what this version calls it"
  );
}
