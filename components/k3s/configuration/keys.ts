import {
  type FlagKind,
  flagNamed,
  flagOfAlias,
  flagsOf,
  isBeyondTable,
  type K3sFlag,
  knownMinors,
  type Role,
  sinceOf,
} from "./flags";
import { nearest } from "../../../provider/nearest";

/** One thing wrong with a key of a k3s configuration. */
export interface KeyProblem {
  /** The key as it is written, with its `+`. */
  readonly key: string;
  readonly reason: string;
}

/** For which k3s keys are checked. */
export interface KeyCheck {
  /** Minor version: 36 for v1.36.3+k3s1. */
  readonly minor: number;
  readonly role: Role;
}

/** A key of a configuration file without the `+` that appends to what is there. */
export function flagNameOf(key: string): string {
  return key.replace(/\+$/, "");
}

const expectations: Readonly<Record<FlagKind, string>> = {
  boolean: "a boolean",
  number: "a number",
  duration: "a duration such as 5m0s",
  string: "a string",
  list: "a list",
};

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function fits(kind: FlagKind, value: unknown): boolean {
  switch (kind) {
    case "boolean":
    case "number":
      return typeof value === kind;
    case "duration":
      return typeof value === "string" && /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value);
    case "string":
      return isScalar(value);
    case "list":
      return isScalar(value) || (Array.isArray(value) && value.every(isScalar));
  }
}

function instead(flag: K3sFlag): string {
  return flag.instead === undefined ? "" : `; use ${flag.instead}`;
}

/** Whether servers or agents have the flag in some version. */
function isOf({ on }: K3sFlag, { role }: KeyCheck): boolean {
  return on === "both" || on === role;
}

/** Why this k3s does not take a flag that others take; `undefined` where it does. */
function refusal(flag: K3sFlag, check: KeyCheck): string | undefined {
  const { minor, role } = check;
  const { name, on, until } = flag;
  if (!isOf(flag, check))
    return isBeyondTable(check.minor) ? undefined : `--${name} is a flag of k3s ${on}, not of k3s ${role}`;
  if (minor < knownMinors.oldest) return undefined;
  const since = sinceOf(flag, role);
  if (minor < since) return `k3s 1.${minor} has no flag --${name}: it came with 1.${since}${instead(flag)}`;
  if (until !== undefined && minor > until) {
    return `k3s 1.${minor} has no flag --${name} any more: 1.${until} was the last with it${instead(flag)}`;
  }
  return undefined;
}

/** Why a key that is nobody's flag is not taken; `undefined` where only the program itself can tell. */
function unknown(name: string, check: KeyCheck): string | undefined {
  const full = flagOfAlias(name);
  if (full !== undefined) return `is the short form of a flag: write ${full.name}`;
  return isBeyondTable(check.minor) ? undefined : `k3s has no flag --${name}${suggestion(name, check)}`;
}

function suggestion(name: string, { minor, role }: KeyCheck): string {
  const known = flagsOf(minor, role).map((flag) => flag.name);
  const close = nearest(name, known);
  return close === undefined ? "" : `; did you mean ${close}?`;
}

/**
 * Checks the keys and values of a k3s configuration against the flags of its version. k3s skips what it does not know with a line in its log,
 * and an agent dies of it (`ValidFlags` in pkg/configfilearg/defaultparser.go has the server's only).
 */
export function keyProblems(config: Readonly<Record<string, unknown>>, check: KeyCheck): KeyProblem[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const name = flagNameOf(key);
    const flag = flagNamed(name);
    const reason =
      flag === undefined
        ? unknown(name, check)
        : (refusal(flag, check) ??
          (fits(flag.kind, value)
            ? key.endsWith("+") && flag.kind !== "list"
              ? `only list flags can be appended to; ${name} is ${expectations[flag.kind]}`
              : undefined
            : `expected ${expectations[flag.kind]}, got ${flag.secret === true ? "another type" : JSON.stringify(value)}`));
    return reason === undefined ? [] : [{ key, reason }];
  });
}

/**
 * Keys that only the program itself can judge: k3s is newer than the table, and the table knows no such flag of its role. {@link keyProblems} lets
 * them pass; the help of the program is read on the board before anything is changed, and on this machine where it can be.
 */
export function unjudgedKeys(config: Readonly<Record<string, unknown>>, check: KeyCheck): string[] {
  if (!isBeyondTable(check.minor)) return [];
  return Object.keys(config).filter((key) => {
    const flag = flagNamed(flagNameOf(key));
    return flag === undefined ? flagOfAlias(flagNameOf(key)) === undefined : !isOf(flag, check);
  });
}

/** What this k3s takes and wants to be written in another way, and what nobody here knows of it, a sentence for each key. */
export function keyWarnings(config: Readonly<Record<string, unknown>>, check: KeyCheck): KeyProblem[] {
  const { minor, role } = check;
  const unjudged = new Set(unjudgedKeys(config, check));
  return Object.keys(config).flatMap((key) => {
    const name = flagNameOf(key);
    if (unjudged.has(key)) {
      const asked = `k3s ${role} 1.${knownMinors.newest}, the newest that is known here, has no flag --${name}${suggestion(name, check)}`;
      return [
        {
          key,
          reason: `${asked}${asked.endsWith("?") ? "" : "."} The k3s 1.${minor} itself is asked before anything is changed`,
        },
      ];
    }
    const flag = flagNamed(name);
    if (flag?.deprecated === undefined || minor < flag.deprecated) return [];
    return [{ key, reason: `--${flag.name} is deprecated${instead(flag)}` }];
  });
}
