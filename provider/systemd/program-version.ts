/** A version as programs print it: `1.36.3`, `v1.36.3+k3s1`, `1.30.0-rc.1`. */
const pattern = /(?<![\w.])v?(\d+\.\d+\.\d+)([-+][0-9A-Za-z.+-]*)?/;

/** The first version in what `<program> --version` prints, as it is written there; `undefined` where there is none. */
export function versionIn(output: string): string | undefined {
  return pattern.exec(output)?.[0];
}

/** True where a program of version `found` is what `wanted` names: the same, or the same without a suffix where `wanted` has none. */
export function isVersion(found: string, wanted: string): boolean {
  const [, number, suffix = ""] = pattern.exec(found) ?? [];
  const [, wantedNumber, wantedSuffix] = pattern.exec(wanted) ?? [];
  if (number === undefined || wantedNumber === undefined) return found === wanted;
  return number === wantedNumber && (wantedSuffix === undefined || suffix === wantedSuffix);
}
