import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "./layout";
import { Parts, type Seen } from "./parts";

/** Bytes in pieces of a size; counts how often it is opened. */
function sourceOf(bytes: Buffer, piece: number) {
  const source = {
    opened: 0,
    async *open(from: number) {
      source.opened += 1;
      for (let at = from; at < bytes.length; at += piece) yield await Promise.resolve(bytes.subarray(at, at + piece));
    },
  };
  return source;
}

async function read(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const anything = () => undefined;

describe("Parts", () => {
  it("are the blob, whatever the sizes of pieces and parts, read once", async () => {
    const size = fc.integer({ min: 1, max: 3000 });
    await fc.assert(
      fc.asyncProperty(size, size, size, async (total, piece, part) => {
        const bytes = randomBytes(total);
        const source = sourceOf(bytes, piece);
        const seen: Seen[] = [];
        const parts = new Parts(source, total, (what) => void seen.push(what));
        const whole: Buffer[] = [];
        for (let at = 0; at < total; at += part) {
          const body = await parts.part(at, Math.min(part, total - at));
          whole.push(await read(body.open()));
        }
        expect(Buffer.concat(whole).equals(bytes)).toBe(true);
        expect(seen).toEqual([{ size: total, digest: digestOf(bytes) }]);
        expect(source.opened).toBe(1);
      }),
    );
  });

  it("can be read again from where the registry says, and are still known as a whole", async () => {
    const bytes = randomBytes(1000);
    const seen: Seen[] = [];
    const parts = new Parts(sourceOf(bytes, 70), 1000, (what) => void seen.push(what));
    await read((await parts.part(0, 600)).open());
    const body = await parts.part(350, 650);
    expect((await read(body.open())).equals(bytes.subarray(350))).toBe(true);
    expect((await read(body.open())).equals(bytes.subarray(350))).toBe(true);
    expect(seen[0]?.digest).toBe(digestOf(bytes));
    const rest = new Parts(sourceOf(bytes, 70), 1000, (what) => void seen.push(what));
    await read((await rest.part(350, 650)).open());
    expect(seen.at(-1)).toEqual({ size: 1000, digest: undefined });
  });

  it("hold the last piece back from who refuses the blob, and say whose fault it was", async () => {
    const refusal = new Error("not that blob");
    const parts = new Parts(sourceOf(randomBytes(1000), 300), 1000, () => refusal);
    const body = await parts.part(0, 1000);
    let sent = 0;
    const sending = (async () => {
      for await (const piece of body.open()) sent += piece.length;
    })();
    await expect(sending).rejects.toBe(refusal);
    expect(sent).toBe(900);
    expect(parts.fault).toBe(refusal);
  });

  it("end with what is missing where the source is too short", async () => {
    const short = new Parts(sourceOf(randomBytes(900), 300), 1000, ({ size }) => new Error(`only ${size}`));
    await expect(read((await short.part(0, 1000)).open())).rejects.toThrow("only 900");
    const none = new Parts(sourceOf(Buffer.alloc(0), 300), 0, anything);
    expect(await read((await none.part(0, 0)).open())).toHaveLength(0);
  });
});
