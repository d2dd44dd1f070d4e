import { isDeepStrictEqual } from "node:util";

/** Inputs that only say how to get there, and the key of the fingerprints: a change in them is no news. */
const ignored = new Set(["connection", "fingerprintKey"]);

/** The provider's keyed hashes of secret inputs, by their path: what shows that a secret changed. */
const fingerprints = "fingerprints";

/**
 * Top-level properties that differ. The engine's events carry secrets as `[secret]`; that one changed shows in its fingerprint.
 */
export function changedProperties(
  old: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const keys = new Set([...Object.keys(old ?? {}), ...Object.keys(wanted ?? {})]);
  return [...keys]
    .filter((key) => !key.startsWith("__") && !ignored.has(key) && !isDeepStrictEqual(old?.[key], wanted?.[key]))
    .flatMap((key) =>
      key === fingerprints
        ? changedProperties(asObject(old?.[key]), asObject(wanted?.[key])).map((path) => `${path} (secret)`)
        : [key],
    )
    .sort();
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
