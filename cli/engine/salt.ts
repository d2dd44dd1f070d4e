import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { load } from "js-yaml";

const saltLine = /^encryptionsalt:.*\n?/m;

/**
 * The stack file as it should be left behind a run. The engine adds an `encryptionsalt` to a file that has none. In a file that is under version
 * control and whose passphrase each user has made for himself, that line would be everybody's and fit nobody: it is taken out again.
 * The state carries its own salt.
 *
 * @returns the text to write back, `undefined` where the file is to stay as it is: it had a salt, or more than the salt has changed.
 */
export function withoutAddedSalt(before: string, after: string): string | undefined {
  if (saltLine.test(before) || !saltLine.test(after)) return undefined;
  return isDeepStrictEqual(meaning(before), meaning(after.replace(saltLine, ""))) ? before : undefined;
}

/** What a stack file says; the engine writes booleans and numbers of the first level back as text. */
function meaning(text: string): unknown {
  const file = (load(text) ?? {}) as Record<string, unknown>;
  const config = (file.config ?? {}) as Record<string, unknown>;
  const values = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "boolean" || typeof value === "number" ? String(value) : value,
  ]);
  return { ...file, config: Object.fromEntries(values) as unknown };
}

/** Runs `work` and then takes out the salt that the engine has added to `file`. */
export async function keepingStackFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = readFileSync(file, "utf8");
  try {
    return await work();
  } finally {
    const text = withoutAddedSalt(before, readFileSync(file, "utf8"));
    if (text !== undefined) writeFileSync(file, text);
  }
}
