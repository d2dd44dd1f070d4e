import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elfBytes } from "../elf-samples";
import { decompressed, layerCompression, readLayer, type Compression } from "./layer";
import { layerTar, zstdFrame } from "./samples";
import type { LayerEntry } from "./tree";

const digest = `sha256:${"0".repeat(64)}`;

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A frame as `zstd -19` writes it: 100,000 times "board". */
const compressedBoards = Buffer.from(
  "KLUv/QRobAAAKGJvYXJkAQD4/8iLFkQAAAABAP3/yAsQRAAAAAEA/f85AAJFAAAAAQAdoTkAAk7xhFg=",
  "base64",
);

describe("decompressed", () => {
  it("gives back what was compressed, in whatever pieces it comes", async () => {
    const compress: Record<Compression, (bytes: Buffer) => Buffer> = {
      none: (bytes) => bytes,
      gzip: (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))]),
      zstd: (bytes) => Buffer.concat([zstdFrame(bytes.subarray(0, 100)), skippable, zstdFrame(bytes.subarray(100))]),
    };
    // Frames that decoders skip are what zstd:chunked keeps its table of contents in.
    const skippable = Buffer.from("502a4d18030000000a0b0c", "hex");
    const size = fc.integer({ min: 1, max: 300_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Compression>("none", "gzip", "zstd"),
        size,
        size,
        async (kind, length, piece) => {
          const bytes = randomBytes(length);
          const pieces = inPieces(compress[kind](bytes), Math.max(piece, 500));
          expect((await collect(decompressed(pieces, kind))).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("reads what zstd itself compresses", async () => {
    const bytes = await collect(decompressed(inPieces(compressedBoards, 7), "zstd"));
    const expected = createHash("sha256").update("board".repeat(100_000)).digest("hex");
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(expected);
  });

  it.each<[Compression, Buffer]>([
    ["gzip", gzipSync(randomBytes(5000))],
    ["zstd", zstdFrame(randomBytes(5000))],
  ])("refuses %s that is cut off or something else", async (kind, whole) => {
    await expect(collect(decompressed(inPieces(whole.subarray(0, 3000), 1000), kind))).rejects.toThrow();
    await expect(collect(decompressed(inPieces(randomBytes(5000), 1000), kind))).rejects.toThrow();
  });

  it("refuses bytes behind a gzip stream, as runtimes do", async () => {
    const bytes = Buffer.concat([gzipSync(randomBytes(1000)), Buffer.alloc(1_000_000)]);
    await expect(collect(decompressed(inPieces(bytes, 64 * 1024), "gzip"))).rejects.toThrow(
      "something else stands behind the end of its gzip stream",
    );
  });
});

describe("layerCompression", () => {
  it.each([
    ["application/vnd.oci.image.layer.v1.tar", "none"],
    ["application/vnd.oci.image.layer.v1.tar+zstd", "zstd"],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"],
  ])("%s is %s", (mediaType, expected) => expect(layerCompression({ mediaType, digest, size: 1 })).toBe(expected));

  it("refuses foreign and unknown layers, and says which", () => {
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    expect(() => layerCompression({ mediaType, digest, size: 1 })).toThrow(
      `layer ${digest} has media type ${mediaType}: a foreign layer`,
    );
    expect(() => layerCompression({ mediaType: "text/plain", digest, size: 1 })).toThrow(
      "media type text/plain: not a layer",
    );
  });
});

describe("readLayer", () => {
  it("tells entries with what their headers say, and keeps no content", async () => {
    const elf = elfBytes({ machine: 62 });
    const tar = await layerTar({
      "/etc": "directory",
      "/bin/x": Buffer.concat([elf, randomBytes(200_000)]),
      "/bin/y": { hardlink: "/bin/x" },
      "/lib": { symlink: "usr/lib" },
      "/empty": Buffer.alloc(0),
      [`/${"long/".repeat(60)}name`]: elf.subarray(0, 30),
    });
    const entries: LayerEntry[] = [];
    await readLayer(inPieces(tar, 1000), (entry) => entries.push(entry));
    expect(entries.map(({ kind, path }) => [kind, path.replace(/(long\/)+/, "…/")])).toEqual([
      ["directory", "/etc"],
      ["file", "/bin/x"],
      ["hardlink", "/bin/y"],
      ["symlink", "/lib"],
      ["file", "/empty"],
      ["file", "/…/name"],
    ]);
    expect(entries[1]).toMatchObject({ elf: { machine: "amd64" } });
    expect(entries[2]).toMatchObject({ target: "/bin/x" });
    expect(entries[5]).toMatchObject({ damage: "damaged ELF file: it is cut off" });
  });

  it("passes on what the receiver of an entry throws, and refuses half an archive", async () => {
    const tar = await layerTar({ "/a": Buffer.from("x"), "/b": Buffer.from("x") });
    const thrower = () => {
      throw new Error("no more");
    };
    await expect(readLayer(inPieces(tar, 100), thrower)).rejects.toThrow("no more");
    await expect(readLayer(inPieces(tar.subarray(0, 600), 100), () => undefined)).rejects.toThrow(
      "Unexpected end of data",
    );
  });
});
