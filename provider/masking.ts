import { valueAt, isObject, type Path, type Properties } from "./secrets";

/** Shorter words are too common to be secrets on their own. */
const shortest = 6;

/**
 * A function that replaces secrets in a text by `***`: every secret string, and, because a program prints a part of its configuration and not
 * the file, every word of it that is long enough to be a token or a password.
 */
export function masking(properties: Properties, secrets: readonly Path[]): (text: string) => string {
  return maskingWords(
    secrets
      .flatMap((path) => strings(valueAt(properties, path), path.includes("connection")))
      .flatMap((text) => [text, ...text.split(/[\s"'=,;{}[\]]+|: /)]),
  );
}

/** A function that replaces words in a text by `***`, but for those that are too short. */
export function maskingWords(words: readonly string[]): (text: string) => string {
  const long = [...new Set(words)].filter((word) => word.length >= shortest).sort((a, b) => b.length - a.length);
  return (text) => long.reduce((masked, word) => masked.replaceAll(word, "***"), text);
}

/** Members of a connection that are secrets; the rest is secret as a whole only because the connection is, and has to be told in errors. */
const connectionSecrets = new Set(["password", "passphrase", "sudoPassword"]);

function strings(value: unknown, inConnection: boolean): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((item) => strings(item, inConnection));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    inConnection && !isObject(member) && !connectionSecrets.has(key) ? [] : strings(member, inConnection),
  );
}
