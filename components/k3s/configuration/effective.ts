import { flagNamed, flagOfAlias, flagsOf, type K3sFlag, type Role } from "./flags";
import {
  argumentOccurrences,
  configPath,
  type ConfigFile,
  fileOccurrences,
  filesInOrder,
  type Occurrence,
  type Origin,
} from "./sources";

/** What decides a k3s process's configuration. */
export interface Sources {
  /** Minor version of k3s: 36 of v1.36.3+k3s1. */
  readonly minor: number;
  readonly role: Role;
  /** Files of the board, in any order. */
  readonly files: readonly ConfigFile[];
  /** What stands behind `k3s server` or `k3s agent` in ExecStart. */
  readonly args?: readonly string[];
  /** What the process gets of its unit's environment files. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The value of a flag and where it comes from. */
export interface Setting {
  readonly flag: K3sFlag;
  /** One value, or those of a list in their order. */
  readonly values: readonly string[];
  /** What brought the values, in the order k3s came upon them. A value that lost is not here. */
  readonly from: readonly Origin[];
}

/** The outcome of {@link effectiveConfiguration}. */
export interface Effective {
  /** By the flag's full name. Flags that nothing sets and that have no default are not here. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** What this k3s has no flag for. A server skips it in files and dies of it on its command line; an agent dies of both. */
  readonly unknown: readonly Occurrence[];
}

/**
 * The keys of several files as one: the last file's value stands, `key+` appends to what is there already, a list or a single value
 * (`readConfigFile` in pkg/configfilearg/parser.go).
 */
export function mergeFiles(files: readonly (readonly Occurrence[])[]): Occurrence[][] {
  const merged = new Map<string, Occurrence[]>();
  for (const occurrence of files.flat()) {
    const before = merged.get(occurrence.name);
    merged.set(occurrence.name, before !== undefined && occurrence.appends ? [...before, occurrence] : [occurrence]);
  }
  return [...merged.values()];
}

/**
 * What a k3s process runs with: its defaults, then its environment, then its files, then its command line. k3s turns the files into arguments
 * and puts them before those of the command line, so that a scalar of the command line wins and a list has the values of both.
 */
export function effectiveConfiguration({ minor, role, files, args = [], environment = {} }: Sources): Effective {
  const known = new Map(flagsOf(minor, role).map((flag) => [flag.name, flag] as const));
  const flagFor = (name: string) => {
    const flag = flagNamed(name) ?? flagOfAlias(name);
    return flag === undefined ? undefined : known.get(flag.name);
  };
  const read = filesInOrder(configPath(args, environment), files);
  const isBoolean = (name: string) => flagFor(name)?.kind === "boolean";
  // an empty list takes away what files before it had, and is no argument
  const given = [...mergeFiles(read.map(fileOccurrences)).flat(), ...argumentOccurrences(args, isBoolean)].filter(
    ({ values }) => values.length > 0,
  );

  const settings = new Map<string, Setting>();
  for (const flag of known.values()) {
    const variable = flag.env === undefined ? undefined : environment[flag.env];
    if (variable !== undefined && variable !== "" && flag.env !== undefined) {
      settings.set(flag.name, {
        flag,
        values: split(flag, [variable]),
        from: [{ kind: "environment", variable: flag.env }],
      });
    } else if (flag.default !== undefined) {
      settings.set(flag.name, { flag, values: [String(flag.default)], from: [{ kind: "default" }] });
    }
  }
  for (const flag of new Set(given.flatMap(({ name }) => flagFor(name) ?? []))) {
    const occurrences = given.filter(({ name }) => flagFor(name) === flag);
    const counted = flag.kind === "list" ? occurrences : occurrences.slice(-1);
    const values = counted.flatMap((occurrence) => occurrence.values);
    settings.set(flag.name, {
      flag,
      values: flag.kind === "list" ? split(flag, values) : values.slice(-1),
      from: counted.map(({ from }) => from),
    });
  }
  return { settings, unknown: given.filter(({ name }) => flagFor(name) === undefined) };
}

function split({ commas }: K3sFlag, values: readonly string[]): string[] {
  return commas === true ? values.flatMap((value) => value.split(",")).map((value) => value.trim()) : [...values];
}
