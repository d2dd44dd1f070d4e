import { createHash } from "node:crypto";
import type { Descriptor } from "./store";

/** Passes bytes on. @throws at the end when they do not have the descriptor's digest or size. */
export async function* verified(
  bytes: AsyncIterable<Buffer>,
  { digest, size }: Descriptor,
  label: string,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let read = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    read += chunk.length;
    yield chunk;
  }
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual !== digest) throw new Error(`blob ${digest} in ${label} has digest ${actual}`);
  if (read !== size) throw new Error(`blob ${digest} in ${label} has ${read} bytes instead of ${size}`);
}
