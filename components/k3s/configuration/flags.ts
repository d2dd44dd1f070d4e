import { k3sFlags } from "./flag-table";

/** What a k3s process is: servers and agents take different flags. */
export type Role = "server" | "agent";

/** Kinds of values. A list may be given several times on a command line, and as a YAML list in a file. */
export type FlagKind = "string" | "boolean" | "number" | "duration" | "list";

/** A flag of k3s and the releases that have it. Minor versions are those of 1.x. */
export interface K3sFlag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly on: Role | "both";
  /** Oldest minor version with a release that has it. Defaults to 24 or older. */
  readonly since?: number;
  /** {@link since} on agents, where it is another one. */
  readonly agentSince?: number;
  /** Newest minor version that has it, where it was removed. */
  readonly until?: number;
  /** Minor version from which on k3s wants {@link instead}, though it still takes this. */
  readonly deprecated?: number;
  /** What takes its place. */
  readonly instead?: string;
  /** The short form, `-t`. */
  readonly alias?: string;
  /** k3s's own value where nothing is set; none here where that hangs on the host or on the release. */
  readonly default?: string | number;
  /** Environment variable that sets it where neither file nor command line does. */
  readonly env?: string;
  /** Whether one value of the list may hold several, with commas between (`SplitStringSlice` in k3s's pkg/util/client.go). */
  readonly commas?: boolean;
  /** Whether `k3s server --help` leaves it out (`Hidden` in k3s's sources), in some of its releases at least. k3s takes it all the same. */
  readonly hidden?: boolean;
  /** Whether the value is a secret or holds one. */
  readonly secret?: boolean;
}

/** Minor versions that the table of flags is for. */
export const knownMinors = { oldest: 24, newest: 36 } as const;

/** The minor version of a k3s release: 36 of `v1.36.3+k3s1`. `undefined` for what is no such version. */
export function minorOf(version: string): number | undefined {
  const minor = /^v?1\.(\d+)(\.|$)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Whether a minor version is newer than the table: it may have flags that nobody here knows, and on agents what only servers had. */
export function isBeyondTable(minor = 0): boolean {
  return minor > knownMinors.newest;
}

const byName = new Map(k3sFlags.flatMap((flag) => [[flag.name, flag] as const]));
const byAlias = new Map(k3sFlags.flatMap((flag) => (flag.alias === undefined ? [] : [[flag.alias, flag] as const])));

/** The flag of that full name, whatever the version. */
export function flagNamed(name: string): K3sFlag | undefined {
  return byName.get(name);
}

/** The flag whose short form this is. */
export function flagOfAlias(alias: string): K3sFlag | undefined {
  return byAlias.get(alias);
}

/** Oldest minor version whose servers or agents take the flag. */
export function sinceOf(flag: K3sFlag, role: Role): number {
  return (role === "agent" ? flag.agentSince : undefined) ?? flag.since ?? knownMinors.oldest;
}

/** The flags that a minor version takes. Versions beyond the table take what its oldest or its newest takes. */
export function flagsOf(minor: number, role: Role): K3sFlag[] {
  const asOf = Math.min(Math.max(minor, knownMinors.oldest), knownMinors.newest);
  return k3sFlags.filter(
    (flag) =>
      (flag.on === "both" || flag.on === role) && sinceOf(flag, role) <= asOf && asOf <= (flag.until ?? Infinity),
  );
}

/** Flags whose value is a secret or holds one. They are written to a file of their own and never shown. */
export const secretFlags: ReadonlySet<string> = new Set(
  k3sFlags.filter(({ secret }) => secret === true).map(({ name }) => name),
);
