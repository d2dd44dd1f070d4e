import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { extract } from "tar-stream";
import { writeTar } from "../components/images/tar";
import { factsSchema, type Facts } from "./facts";
import type { Gathered } from "./gather/gather";

const factsPath = "facts.json";

/** A file that is no bundle, or one of another version. */
export class BundleProblem extends Error {
  override readonly name = "BundleProblem";
}

/** A support bundle: the facts, and below `sections/` what the board said, word for word but for its secrets. */
export function writeBundle(facts: Facts, { answers }: Gathered): Buffer {
  const file = (path: string, content: string) =>
    ({ path, type: "file", mode: 0o600, uid: 0, gid: 0, content: Buffer.from(content) }) as const;
  return writeTar([
    file(factsPath, `${JSON.stringify(facts, undefined, 1)}\n`),
    ...Object.entries(answers).map(([name, { text, code, error }]) =>
      file(`sections/${name}.txt`, `${text}${code === 0 ? "" : `\nexit code ${code}: ${error}\n`}`),
    ),
  ]);
}

/**
 * The facts in a bundle.
 *
 * @throws BundleProblem for what is no bundle.
 */
export async function readBundle(bundle: Buffer): Promise<Facts> {
  const found = await factsIn(bundle).catch(() => undefined);
  if (found === undefined) throw new BundleProblem(`it is no bundle of the doctor: there is no ${factsPath} in it`);
  let value: unknown;
  try {
    value = JSON.parse(found);
  } catch {
    throw new BundleProblem(`its ${factsPath} is no JSON`);
  }
  const parsed = factsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BundleProblem(
    `its ${factsPath} is not of this version: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  );
}

async function factsIn(bundle: Buffer): Promise<string | undefined> {
  const archive = Readable.from([bundle]).pipe(extract());
  for await (const entry of archive) {
    if (entry.header.name === factsPath) return text(entry);
    entry.resume();
  }
  return undefined;
}
