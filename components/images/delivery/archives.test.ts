import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Decompress } from "fzstd";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath, type Descriptor, digestOf, readLayout } from "../../../provider/registry/layout";
import { sha256OfFile } from "../../../tools/digest";
import { silentProgress } from "../../../tools/progress";
import { buildImage } from "../build";
import type { BuiltImage } from "../image";
import { linux } from "../image";
import type { PlannedImage } from "../plan";
import { type BlobStore, fetchedImage } from "./fetched-image";
import { readyArchives } from "./ready-archives";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "delivery-"));
  process.env.K3S_BOARD_CACHE = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

const build = (path: string) =>
  buildImage({ kind: "files", files: { [path]: { source: __filename } } }, "riscv64", silentProgress);
const planned = (name: string, image: BuiltImage): PlannedImage => ({
  name,
  strategy: "build",
  reason: "",
  digest: image.digest,
  platformDigest: image.digest,
  content: { kind: "layout", image },
});

function unpacked(path: string): Buffer {
  const chunks: Uint8Array[] = [];
  const stream = new Decompress((chunk) => chunks.push(chunk));
  stream.push(readFileSync(path), true);
  return Buffer.concat(chunks);
}

describe("readyArchives", () => {
  it("has a component's images in one archive, compressed to the same bytes every time", async () => {
    const make = async () => {
      const [one, two] = [await build("/a"), await build("/b")];
      const images = [
        { name: "docker.io/a/one:1", image: planned("docker.io/a/one:1", one) },
        { name: "docker.io/a/two:1", image: planned("docker.io/a/two:1", two) },
      ];
      const archives = [{ name: "local-storage", images }];
      const [ready] = await readyArchives({ archives, compression: "zstd" }, linux("riscv64"), silentProgress);
      if (ready === undefined) throw new Error("no archive");
      return { ready, digests: [one.digest, two.digest] };
    };
    const { ready, digests } = await make();
    expect(ready.file).toBe("k3s-board-local-storage.tar.zst");
    expect(unpacked(ready.source).equals(readFileSync(ready.archive))).toBe(true);
    const index = JSON.parse(execFileSync("tar", ["-xOf", ready.archive, "index.json"], { encoding: "utf8" })) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(index.manifests.map(({ digest, annotations }) => [annotations["io.containerd.image.name"], digest])).toEqual(
      [
        ["docker.io/a/one:1", digests[0]],
        ["docker.io/a/two:1", digests[1]],
      ],
    );
    const sum = await sha256OfFile(ready.source);
    rmSync(root, { recursive: true });
    expect(await sha256OfFile((await make()).ready.source)).toBe(sum);
  });
});

describe("fetchedImage", () => {
  /** A registry with one image that breaks off after so many bytes of each blob. */
  function store(image: { layout: string }, breakAfter: number): BlobStore & { sent: number } {
    const made = {
      sent: 0,
      resolve: () => Promise.resolve(undefined),
      manifest: async (_repository: string, reference: string) => {
        const { digest, mediaType, manifest } = await readLayout(image.layout);
        return reference === digest ? { digest, mediaType, bytes: manifest } : undefined;
      },
      async *blob(_repository: string, { digest }: Descriptor, { from = 0 }: { from?: number } = {}) {
        const content = readFileSync(blobPath(image.layout, digest)).subarray(from);
        const part = content.subarray(0, breakAfter);
        made.sent += part.length;
        yield await Promise.resolve(part);
        if (part.length < content.length) throw new Error("connection lost");
      },
    };
    return made;
  }

  it("goes on where an earlier run broke off", async () => {
    const image = await build("/a");
    const { config, layers } = await readLayout(image.layout);
    const bytes = [config, ...layers].reduce((sum, { size }) => sum + size, 0);
    const half = Math.ceil((layers[0]?.size ?? 0) / 2);
    const broken = store(image, half);
    await expect(fetchedImage(broken, "a/b", image.digest)).rejects.toThrow("connection lost");
    const whole = store(image, Infinity);
    const layout = await fetchedImage(whole, "a/b", image.digest);
    expect((await readLayout(layout)).digest).toBe(image.digest);
    expect(broken.sent + whole.sent).toBe(bytes);
    expect(readdirSync(join(root, "fetched-blobs"))).toEqual([]);
    expect(await fetchedImage(store(image, 0), "a/b", image.digest)).toBe(layout);
  });

  it("refuses what has another digest, and asks anew", async () => {
    const image = await build("/a");
    const damaged: BlobStore = {
      ...store(image, Infinity),
      async *blob(_repository: string, { size }: Descriptor) {
        yield await Promise.resolve(randomBytes(size));
      },
    };
    await expect(fetchedImage(damaged, "a/b", image.digest)).rejects.toThrow(/has digest .* fetched anew/);
    await expect(fetchedImage(store(image, Infinity), "a/b", image.digest)).resolves.toContain("fetched-images");
    await expect(fetchedImage(store(image, 0), "a/b", digestOf(Buffer.from("x")))).rejects.toThrow("has no manifest");
  });
});
