import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { Decompress } from "fzstd";
import { describe, expect, it } from "vitest";
import { dependencies } from "../../package.json";
import { digestOf } from "../../provider/registry/layout";
import { zstd, zstdIdentity } from "./zstd";

const frameBytes = 8 * 1024 * 1024;

async function compressed(content: Iterable<Buffer>): Promise<Buffer> {
  const frames: Buffer[] = [];
  for await (const frame of zstd(content)) frames.push(frame);
  return Buffer.concat(frames);
}

function unpacked(bytes: Buffer): Buffer {
  const chunks: Uint8Array[] = [];
  const stream = new Decompress((chunk) => chunks.push(chunk));
  stream.push(bytes, true);
  return Buffer.concat(chunks);
}

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("zstd", () => {
  it("gives the bytes that its version is known for", async () => {
    // images and archives would all change with it: a new version is a decision
    const content = Array.from({ length: 3 }, (_, index) => Buffer.alloc(100_000, `part ${index} `));
    expect(digestOf(await compressed(content))).toMatchInlineSnapshot(
      `"sha256:287dcb6af3a444cb80a855af6a8b5f65c1e1f9d22c36404b6600fcb89f8b21ad"`,
    );
    expect(zstdIdentity).toContain(`@bokuweb/zstd-wasm ${dependencies["@bokuweb/zstd-wasm"]},`);
  });

  it("gives the same bytes however its input is cut, and all of them come back", async () => {
    const bytes = Buffer.concat([randomBytes(50_000), Buffer.alloc(2 * frameBytes + 12_345, "a program")]);
    const whole = await compressed([bytes]);
    expect(unpacked(whole).equals(bytes)).toBe(true);
    const size = fc.integer({ min: 10_000, max: frameBytes + 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 5 }), async (sizes) => {
        expect((await compressed(pieces(bytes, sizes))).equals(whole)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it("compresses several inputs at a time", async () => {
    const inputs = Array.from({ length: 3 }, (_, index) => Buffer.alloc(frameBytes + 1000, `input ${index}`));
    const together = await Promise.all(inputs.map((input) => compressed(pieces(input, [4_000_000]))));
    for (const [index, input] of inputs.entries()) {
      expect(together[index]?.equals(await compressed([input]))).toBe(true);
    }
  });

  it("gives nothing for nothing", async () => {
    expect(await compressed([])).toHaveLength(0);
  });
});
