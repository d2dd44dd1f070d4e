import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imageArchive } from "./archive";
import { buildImage } from "./build";
import { sha256OfFile } from "../../tools/digest";
import { silentProgress } from "../../tools/progress";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "archive-"));
  process.env.K3S_BOARD_CACHE = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

const build = () =>
  buildImage({ kind: "files", files: { "/etc/motd": { source: __filename } } }, "riscv64", silentProgress);

describe("imageArchive", () => {
  it("gives the image its full names", async () => {
    const image = await build();
    const archive = await imageArchive([
      { image, names: ["rancher/mirrored-pause:3.10.2", "docker.io/rancher/mirrored-pause:3.6"] },
    ]);
    const read = (path: string) => execFileSync("tar", ["-xOf", archive, path], { encoding: "utf8" });
    const { manifests } = JSON.parse(read("index.json")) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(manifests.map((manifest) => manifest.annotations["io.containerd.image.name"])).toEqual([
      "docker.io/rancher/mirrored-pause:3.10.2",
      "docker.io/rancher/mirrored-pause:3.6",
    ]);
    expect(new Set(manifests.map((manifest) => manifest.digest))).toEqual(new Set([image.digest]));
    expect(read(`blobs/${image.configDigest.replace(":", "/")}`)).toContain('"architecture":"riscv64"');
  });

  it("is the same file for the same names in any order, built anew", async () => {
    const names = ["b/c:1", "a/b:1"];
    const first = await sha256OfFile(await imageArchive([{ image: await build(), names }]));
    rmSync(root, { recursive: true });
    expect(await sha256OfFile(await imageArchive([{ image: await build(), names: [...names].reverse() }]))).toBe(first);
  });

  it("refuses to be nameless, or a damaged image", async () => {
    const image = await build();
    await expect(imageArchive([{ image, names: [] }])).rejects.toThrow("at least one name");
    expect(readFileSync(join(image.layout, "oci-layout"), "utf8")).toContain("1.0.0");
    rmSync(join(image.layout, "blobs"), { recursive: true });
    await expect(imageArchive([{ image, names: ["a/b:1"] }])).rejects.toThrow("not a whole OCI layout");
  });
});
