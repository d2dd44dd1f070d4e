import { quote } from "../ssh/shell";
import { versionIn } from "../systemd/program-version";

/** What a board says of a program that it has itself, and of the unit that runs it. Read in one question; nothing is judged here. */
export interface ProgramFacts {
  /** Whether there is a file at the path that can be executed. */
  readonly there: boolean;
  /** The beginning of the file in base64: its ELF header. Empty where there is none. */
  readonly header: string;
  /** The first version in what `--version` prints; absent where it does not run or says none. */
  readonly version?: string;
  /** `LoadState` of the unit: `loaded`, `not-found`, `masked`, … */
  readonly unit: string;
}

/** Bytes of the program's beginning: its header, its segments, and its interpreter's name where linkers put that. */
const headerBytes = 4096;
/** Seconds that it may take to print its version: the first start of a big program on a slow board. */
const versionSeconds = 60;

/** Prints what {@link parseProgramFacts} reads. */
export function programFragment(path: string, unit: string): string {
  return `p=${quote(path)}
echo "unit=$(systemctl show -p LoadState --value -- ${quote(`${unit}.service`)} 2>/dev/null)"
[ -f "$p" ] && [ -x "$p" ] || exit 0
echo "header=$(head -c ${headerBytes} -- "$p" | base64 -w 0)"
echo "version=$(timeout -k 5 ${versionSeconds} "$p" --version 2>/dev/null </dev/null | head -n 1)"`;
}

/** Reads `name=value` lines. */
export function parseProgramFacts(output: string): ProgramFacts {
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(output)?.[1];
  const version = versionIn(value("version") ?? "");
  return {
    there: value("header") !== undefined,
    header: value("header") ?? "",
    ...(version === undefined ? {} : { version }),
    unit: value("unit") ?? "",
  };
}
