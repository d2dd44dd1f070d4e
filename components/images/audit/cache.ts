import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { cached } from "../../../tools/cache";

const fileName = "record.json";

/**
 * A record that is made once and kept in the cache of audits.
 *
 * @param key - everything that it depends on.
 * @returns the record, and whether it was there already.
 */
export async function remembered<T>(
  key: readonly unknown[],
  schema: z.ZodType<T>,
  make: () => Promise<T>,
): Promise<{ value: T; known: boolean }> {
  const name = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 32);
  let made: T | undefined;
  const entry = () =>
    cached("audits", name, async (directory) => {
      made = await make();
      await writeFile(join(directory, fileName), JSON.stringify(made));
    });
  const directory = await entry();
  if (made !== undefined) return { value: made, known: false };
  try {
    return { value: schema.parse(JSON.parse(await readFile(join(directory, fileName), "utf8"))), known: true };
  } catch {
    // Not whole after a power failure, or somebody else's: made again.
    await rm(directory, { recursive: true, force: true });
    await entry();
    if (made === undefined) return remembered(key, schema, make);
    return { value: made, known: false };
  }
}
