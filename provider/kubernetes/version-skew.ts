/** `v1.36.3+k3s1` as numbers; `undefined` for what is no version. */
function parse(version: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d+/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** `1.36` of `v1.36.3+k3s1`; `undefined` for what is no version. */
export function minorVersion(version: string): string | undefined {
  const parsed = parse(version);
  return parsed && `${parsed.major}.${parsed.minor}`;
}

/** True where a version is of an older minor version than another one; versions that cannot be read are of none. */
export function isOlderMinor(version: string, than: string): boolean {
  const [a, b] = [parse(version), parse(than)];
  return a !== undefined && b !== undefined && (a.major < b.major || (a.major === b.major && a.minor < b.minor));
}

/** What a server may not do between two versions. */
export interface Consent {
  /** To go back to an older minor version. */
  readonly allowDowngrade: boolean;
  /** Whether copies are made of its datastore, one of which can come back. Defaults to true. */
  readonly hasCopies?: boolean;
}

/**
 * Why a Kubernetes server may not go from one version to another; `undefined` where it may. Upwards one minor version at a time, because an
 * API server reads what the one before it has stored and no older (kubernetes.io, "Version Skew Policy", "Supported component upgrade order").
 * Kubernetes supports no way back to an older minor version, so that it needs consent. Patch versions go both ways.
 */
export function skewProblem(
  from: string,
  to: string,
  { allowDowngrade, hasCopies = true }: Consent,
): string | undefined {
  const [old, next] = [parse(from), parse(to)];
  if (old === undefined || next === undefined) return undefined;
  const step = `from ${from} to ${to}`;
  if (old.major !== next.major) return `it cannot go ${step}: nothing is known of a change of the major version`;
  if (next.minor > old.minor + 1)
    return `it cannot go ${step} in one step, Kubernetes goes up one minor version at a time: go to v${old.major}.${old.minor + 1} first`;
  if (next.minor < old.minor && !allowDowngrade)
    return (
      `it would go back ${step}, which Kubernetes does not support across minor versions: what the newer one has stored may be lost ` +
      "or unreadable. Consent with " +
      (hasCopies
        ? "k3s.allowDowngrade: restoreDatastore, which brings back the datastore that the older one had left and loses what was written since, or with "
        : "") +
      "k3s.allowDowngrade: true, which goes back with the datastore as it is"
    );
  return undefined;
}

/** Minor versions that a kubelet may be older than its API server: three since kubelet 1.25, two before (kubernetes.io, "Version Skew Policy"). */
function oldestAgent(minor: number): number {
  return minor - 3 >= 25 ? minor - 3 : Math.min(minor - 2, 25);
}

/** Why an agent of one version may not be in a cluster whose servers are of another; `undefined` where it may. Patch versions do not matter. */
export function agentSkewProblem(agent: string, server: string): string | undefined {
  const [a, s] = [parse(agent), parse(server)];
  if (a === undefined || s === undefined) return undefined;
  if (a.major !== s.major) return `${agent} and the servers' ${server} differ in the major version`;
  if (a.minor > s.minor)
    return `${agent} is newer than the servers, which are ${server}: Kubernetes upgrades servers first, then agents`;
  const oldest = oldestAgent(s.minor);
  if (a.minor < oldest)
    return `${agent} is too old for the servers, which are ${server}: an API server v${s.major}.${s.minor} takes kubelets from v${s.major}.${oldest} on`;
  return undefined;
}
