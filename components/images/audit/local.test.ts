import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { elfBytes } from "../elf-samples";
import { linux } from "../image";
import { auditImage } from "./audit";
import { openLocalImages } from "./local";
import { layerTar, sampleLayout, zstdFrame } from "./samples";

const x86 = elfBytes({ machine: 62 });
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "local-"));
  vi.stubEnv("K3S_BOARD_CACHE", join(directory, "cache"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Names of the images, with what is wrong in each. */
async function audited(path: string): Promise<string[]> {
  const { store, images, close } = await openLocalImages(path);
  try {
    const lines: string[] = [];
    for (const { name, reference } of images) {
      const { verdict, problems } = await auditImage({
        store,
        repository: name,
        reference,
        platform: linux("riscv64"),
      });
      lines.push(`${name} ${verdict} ${problems.map(({ path: file }) => file).join(",")}`.trim());
    }
    return lines;
  } finally {
    await close();
  }
}

function tarOf(source: string, name: string): string {
  const path = join(directory, name);
  execFileSync("tar", ["-C", source, "-cf", path, "."]);
  return path;
}

/** An archive as \`docker save\` writes it, with files instead of blobs. */
async function dockerSave(name: string): Promise<string> {
  const source = mkdtempSync(join(directory, "docker-"));
  const tar = await layerTar({ "/bin/wrong": x86 });
  writeFileSync(join(source, "config.json"), JSON.stringify({ os: "linux", architecture: "riscv64" }));
  mkdirSync(join(source, "one"));
  mkdirSync(join(source, "two"));
  writeFileSync(join(source, "one/layer.tar"), tar);
  writeFileSync(join(source, "two/layer.tar.gz"), gzipSync(await layerTar({ "/bin/.wh.wrong": Buffer.alloc(0) })));
  execFileSync("ln", ["-s", "../one/layer.tar", join(source, "two/layer.tar")]);
  const manifest = [
    { Config: "config.json", RepoTags: ["demo:1", "demo:latest"], Layers: ["two/layer.tar"] },
    { Config: "config.json", RepoTags: null, Layers: ["one/layer.tar", "two/layer.tar.gz"] },
  ];
  writeFileSync(join(source, "manifest.json"), JSON.stringify(manifest));
  return tarOf(source, name);
}

describe("openLocalImages", () => {
  it("reads an OCI layout: directory, archive, compressed archives", async () => {
    const layout = await sampleLayout(directory, { "linux/riscv64": [{ entries: { "/bin/wrong": x86 } }] });
    const tar = tarOf(layout.directory, "layout.tar");
    const bytes = readFileSync(tar);
    writeFileSync(`${tar}.gz`, gzipSync(bytes));
    writeFileSync(`${tar}.zst`, zstdFrame(bytes));
    for (const path of [layout.directory, tar, `${tar}.gz`, `${tar}.zst`]) {
      expect(await audited(path)).toEqual([`${path} programs /bin/wrong`]);
    }
  });

  it("takes entries of an index for one image where they have one name", async () => {
    const layout = await sampleLayout(directory, {
      "linux/amd64": [{ entries: { "/bin/x": x86 } }],
      "linux/riscv64": [{ entries: { "/bin/wrong": x86 } }],
    });
    const index = join(layout.directory, "index.json");
    const inner = JSON.parse(
      readFileSync(join(layout.directory, "blobs", layout.digest.replace(":", "/")), "utf8"),
    ) as { manifests: object[] };
    const named = inner.manifests.map((manifest) => ({
      ...manifest,
      annotations: { "io.containerd.image.name": "docker.io/library/demo:1" },
    }));
    writeFileSync(index, JSON.stringify({ schemaVersion: 2, manifests: named }));
    expect(await audited(layout.directory)).toEqual(["docker.io/library/demo:1 programs /bin/wrong"]);
  });

  it("reads an archive of docker save, with layers that are links or compressed", async () => {
    const path = await dockerSave("docker.tar");
    expect(await audited(path)).toEqual([
      "demo:1 programs /bin/wrong",
      "demo:latest programs /bin/wrong",
      `${path} fits`,
    ]);
  });

  it("says what is no image", async () => {
    const text = join(directory, "text");
    writeFileSync(text, "hello\n".repeat(200));
    await expect(openLocalImages(text)).rejects.toThrow("is not a tar archive");
    await expect(openLocalImages(mkdtempSync(join(directory, "empty-")))).rejects.toThrow(
      "has neither index.json nor manifest.json",
    );
  });

  it("says what an archive lacks", async () => {
    const layout = await sampleLayout(directory, { "linux/riscv64": [{ entries: { "/bin/x": x86 } }] });
    const manifest = JSON.parse(
      readFileSync(join(layout.directory, "blobs", layout.digest.replace(":", "/")), "utf8"),
    ) as { layers: { digest: string }[] };
    const blob = manifest.layers[0]?.digest ?? "";
    rmSync(join(layout.directory, "blobs", blob.replace(":", "/")));
    // Nothing may be remembered of it from another test.
    vi.stubEnv("K3S_BOARD_CACHE", mkdtempSync(join(directory, "cache-")));
    await expect(audited(layout.directory)).rejects.toThrow(`lacks the blob ${blob}`);
  });
});
