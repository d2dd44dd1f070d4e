import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { lockSeconds } from "./originals";
import { payload, timeoutFor } from "./write";

const directory = mkdtempSync(join(tmpdir(), "write-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function read(bytes: Buffer | AsyncIterable<Buffer>): Promise<Buffer> {
  if (Buffer.isBuffer(bytes)) return bytes;
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each([false, true])("the payload of a file (packed: %s)", (packed) => {
  it("is its bytes", async () => {
    const path = join(directory, "file");
    const content = Buffer.alloc(600_000, "k3s ");
    writeFileSync(path, content);
    const sent = await read(payload({ kind: "source", path }, packed));
    expect((packed ? gunzipSync(sent) : sent).equals(content)).toBe(true);
  });

  it("that is gone is an error for whoever reads it, and for nobody else", async () => {
    const gone = payload({ kind: "source", path: join(directory, "gone") }, packed);
    // an error that nobody hears ends the process
    await sleep(50);
    await expect(read(gone)).rejects.toThrow("ENOENT");
  });
});

it("has time after it waited for its turn: the reader is told who had it, not that the time was over", () => {
  expect(timeoutFor(1)).toBeGreaterThan(lockSeconds + 100);
  expect(timeoutFor(250_000_000)).toBeGreaterThan(lockSeconds + 1000);
});
