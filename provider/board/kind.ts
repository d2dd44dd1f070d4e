import type { Problem } from "../resource";

/** What a setting is about: each key with what it shall be, or what it is. A key without a value there is missing. */
export type Values = Readonly<Record<string, string>>;

/** Texts of files by path; `null` for a file that is not there. */
export type Texts = Readonly<Record<string, string | null>>;

/** What was seen on the board when it was looked at. Everything else about a setting follows from it, by pure functions. */
export interface Seen {
  /** Files of the boot configuration, as they are. */
  readonly files: Texts;
  /** The same files as they were before our first write. */
  readonly originals: Texts;
  /** What the running system said: {@link SettingKind.look}. */
  readonly output: string;
  /** What the running system had before we first changed it. */
  readonly before: Values;
  /** A change of ours was begun and did not come to its end: a run was killed, or the board lost power. */
  readonly unfinished: boolean;
  /** What the last change of ours, or the one that is under way, was to set, and what it had still to take back; absent where no record says so. */
  readonly wanted?: Values;
}

/** What a plan changes. */
export interface Changes {
  /** New texts of files; `null` where what was not there before us goes. */
  readonly edits: Texts;
  /** Values that the running system is to get. */
  readonly apply: Values;
  /** What the running system gets back of what it had before us. */
  readonly restore: Values;
}

/**
 * One kind of prerequisite as a table of pure functions and scripts; `setting.ts` makes a resource of it. A kind says how its values are read
 * from the running system and from the files that the next boot reads, how those files are edited, and which scripts change what runs.
 */
export interface SettingKind {
  /** What a preview calls one of its keys: `sysctl`. */
  readonly noun: string;
  /** What is wrong with the values, by path. */
  problems?(values: Values): Problem[];
  /** The files that the next boot reads, or may read. */
  readonly files: readonly string[];
  /** A shell fragment that prints what the running system has, for these keys. Reads only. */
  look(keys: readonly string[]): string;
  /**
   * What the running system has. A key that only the next boot can change is the same here as in {@link boot}. What it holds besides these keys
   * is remembered with them, for {@link restore} and {@link settle}.
   */
  running(keys: readonly string[], seen: Seen): Values;
  /** What the next boot will have. */
  boot(keys: readonly string[], seen: Seen): Values;
  /**
   * New texts of the files that must change; `null` removes one.
   *
   * @param ours - what we had set until now: what of it is no longer wanted goes, unless it was there before us.
   */
  edit(wanted: Values, ours: Values, seen: Seen): Texts;
  /** What carrying it out touches besides the files: units and links, in the forms of `touches.ts`. */
  touches?(plan: Changes, seen: Seen): string[];
  /** Why this board cannot have these values, with what to do. */
  refusal?(wanted: Values, seen: Seen): string | undefined;
  /** A script that makes the running system so, before any file is written: where it fails, nothing has changed. `fail` ends it. */
  apply(values: Values, seen: Seen): string;
  /** A script behind the writing of files, for what is made from them: the boot loader's own files. */
  settle?(wanted: Values, ours: Values, seen: Seen): string;
  /** A script that gives the running system back what it had; what cannot be any more is left. */
  restore(before: Values, seen: Seen): string;
  /** What of the values waits for a boot, by what the running system said alone, as reasons for one: `kernel command line misses cgroup_enable=memory`. */
  waitsForBoot?(wanted: Values, seen: Seen): string[];
}

/** The keys of both, each once, in order. */
export function keysOf(...all: readonly Values[]): string[] {
  return [...new Set(all.flatMap((values) => Object.keys(values)))].sort();
}

/** The values of some keys, those that have one. */
export function pick(values: Values, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = values[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** Lines `key=value` as values; a value may hold further `=`. */
export function parseLines(output: string): Record<string, string> {
  return Object.fromEntries(
    output.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at <= 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]];
    }),
  );
}

/** Edits of one file that is wholly ours: the text, or what was there before where nothing is to be in it. */
export function ownFile(path: string, text: string | undefined, seen: Seen): Texts {
  const wanted = text ?? seen.originals[path] ?? null;
  return wanted === (seen.files[path] ?? null) ? {} : { [path]: wanted };
}
