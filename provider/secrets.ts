/** The keys and signatures by which Pulumi marks special values on the wire (sdk/go/common/resource/sig). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Steps to a value inside an object: property names and array indexes. */
export type Path = readonly (string | number)[];

/** An object as it travels between engine and provider. */
export type Properties = Record<string, unknown>;

/** Takes the secret wrappers off and remembers where they were. Inside a secret value nothing more is remembered: all of it is secret. */
export function unwrap(properties: Properties): { plain: Properties; secrets: Path[] } {
  const secrets: Path[] = [];
  const visit = (value: unknown, path: Path, inside: boolean): unknown => {
    if (isSecret(value)) {
      if (!inside) secrets.push(path);
      return visit(value.value, path, true);
    }
    if (Array.isArray(value)) return value.map((element, index) => visit(element, [...path, index], inside));
    if (isObject(value)) return mapValues(value, (element, key) => visit(element, [...path, key], inside));
    return value;
  };
  return { plain: visit(properties, [], false) as Properties, secrets };
}

/**
 * Puts secret wrappers around the values at these paths; paths that lead nowhere are skipped. Leaves out `undefined`, which the wire
 * cannot carry.
 */
export function wrap(properties: Properties, secrets: readonly Path[]): Properties {
  const visit = (value: unknown, paths: readonly Path[]): unknown => {
    if (paths.some((path) => path.length === 0)) return { [signatureKey]: secretSignature, value: visit(value, []) };
    const below = (step: string | number) => paths.filter((path) => path[0] === step).map((path) => path.slice(1));
    if (Array.isArray(value)) return value.map((element, index) => visit(element ?? null, below(index)));
    if (isObject(value)) {
      const known = Object.fromEntries(Object.entries(value).filter(([, element]) => element !== undefined));
      return mapValues(known, (element, key) => visit(element, below(key)));
    }
    return value;
  };
  return visit(properties, secrets) as Properties;
}

/** The value at a path; `undefined` where the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((current, step) => {
    if (Array.isArray(current)) return typeof step === "number" ? (current[step] as unknown) : undefined;
    return isObject(current) ? current[String(step)] : undefined;
  }, value);
}

/** Writes a path the way Pulumi prints it: `files[0].content`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index > 0 ? "." : ""}${step}`))
    .join("");
}

/** True for an object that is no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSecret(value: unknown): value is { value: unknown } {
  return isObject(value) && value[signatureKey] === secretSignature;
}

function mapValues(
  object: Record<string, unknown>,
  change: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
