import { type FlagKind, flagNamed, flagOfAlias, flagsOf, type K3sFlag, knownMinors, type Role, sinceOf } from "./flags";
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

/** Why this k3s does not take a flag that others take; `undefined` where it does. */
function refusal(flag: K3sFlag, { minor, role }: KeyCheck): string | undefined {
  const { name, on, until } = flag;
  if (on !== "both" && on !== role) return `--${name} is a flag of k3s ${on}, not of k3s ${role}`;
  if (minor < knownMinors.oldest) return undefined;
  const since = sinceOf(flag, role);
  if (minor < since) return `k3s 1.${minor} has no flag --${name}: it came with 1.${since}${instead(flag)}`;
  if (until !== undefined && minor > until) {
    return `k3s 1.${minor} has no flag --${name} any more: 1.${until} was the last with it${instead(flag)}`;
  }
  return undefined;
}

function unknown(name: string, { minor, role }: KeyCheck): string {
  const full = flagOfAlias(name);
  if (full !== undefined) return `is the short form of a flag: write ${full.name}`;
  const close = nearest(
    name,
    flagsOf(minor, role).map((flag) => flag.name),
  );
  const which = minor > knownMinors.newest ? `k3s 1.${knownMinors.newest}, the newest that is known here,` : "k3s";
  return `${which} has no flag --${name}${close === undefined ? "" : `; did you mean ${close}?`}`;
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

/** What this k3s takes and wants to be written in another way, a sentence for each key. */
export function keyWarnings(config: Readonly<Record<string, unknown>>, { minor }: KeyCheck): KeyProblem[] {
  return Object.keys(config).flatMap((key) => {
    const flag = flagNamed(flagNameOf(key));
    if (flag?.deprecated === undefined || minor < flag.deprecated) return [];
    return [{ key, reason: `--${flag.name} is deprecated${instead(flag)}` }];
  });
}
