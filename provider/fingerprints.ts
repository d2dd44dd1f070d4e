import { createHmac, randomBytes } from "node:crypto";
import { formatPath, valueAt, type Path, type Properties } from "./secrets";
import { holdsUnknown } from "./unknowns";

/** Inputs that the provider adds to every resource that has secrets. */
export const fingerprintKey = "fingerprintKey";
export const fingerprints = "fingerprints";

/** Secrets that need no fingerprint: a change of them by itself never causes an update, or is one of them. */
const without = new Set<unknown>(["connection", fingerprintKey]);

/**
 * What shows in a preview that a secret changed, where Pulumi itself prints `[secret]` twice: a keyed hash beside it. The key is random, one a
 * resource, and secret itself, so that the hash does not help to guess the value.
 *
 * @param old - the inputs of before, for their key.
 */
export function withFingerprints(inputs: Properties, secrets: readonly Path[], old: Properties): Properties {
  const paths = secrets.filter((path) => !path.some((step) => without.has(step)));
  if (paths.length === 0) return inputs;
  const kept = inputs[fingerprintKey] ?? old[fingerprintKey];
  const key = typeof kept === "string" ? kept : randomBytes(32).toString("hex");
  const known = paths
    .map((path) => [formatPath(path), valueAt(inputs, path)] as const)
    .filter(([, value]) => value !== undefined && !holdsUnknown(value));
  const hashes = known.map(([path, value]): [string, string] => {
    const hash = createHmac("sha256", key).update(JSON.stringify(value)).digest("hex");
    return [path, hash.slice(0, 16)];
  });
  return { ...inputs, [fingerprintKey]: key, [fingerprints]: Object.fromEntries(hashes) };
}

/** The properties without what {@link withFingerprints} added. */
export function withoutFingerprints(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([property]) => property !== fingerprintKey && property !== fingerprints),
  );
}
