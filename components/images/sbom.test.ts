import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath, contentsOf, readLayoutRoot } from "../../provider/registry/layout";
import { silentProgress } from "../../tools/progress";
import { buildImage } from "./build";
import { goBuildInfo } from "./go-build-info";
import { referrersTag, spdxDocument } from "./sbom";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sbom-"));
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

function module(): string {
  const directory = join(root, "hello");
  mkdirSync(directory);
  writeFileSync(join(directory, "go.mod"), "module example.org/hello\n\ngo 1.26.0\n");
  writeFileSync(join(directory, "main.go"), 'package main\n\nfunc main() { println("hello") }\n');
  return directory;
}

describe("an image of a Go module", () => {
  it("comes out the same in two empty caches, with the same list of its software", async () => {
    const source = { kind: "goDirectory", directory: module() } as const;
    const build = (cache: string) => {
      process.env.K3S_BOARD_CACHE = join(root, cache);
      return buildImage(source, "riscv64", silentProgress);
    };
    const [first, second] = [await build("one"), await build("two")];
    expect(second.layout).not.toBe(first.layout);
    expect(second.digest).toBe(first.digest);
    expect(second.sbom?.digest).toBe(first.sbom?.digest);

    const referrers = await readLayoutRoot(first.sbom?.layout ?? "");
    const [entry] = contentsOf(referrers.manifest).manifests;
    const artifact = JSON.parse(readFileSync(blobPath(referrers.directory, entry?.digest ?? ""), "utf8")) as {
      artifactType: string;
      subject: { digest: string };
      layers: { digest: string }[];
    };
    expect(artifact).toMatchObject({ artifactType: "application/spdx+json", subject: { digest: first.digest } });
    const list = readFileSync(blobPath(referrers.directory, artifact.layers[0]?.digest ?? ""), "utf8");
    expect(JSON.parse(list)).toMatchObject({
      spdxVersion: "SPDX-2.3",
      packages: [
        { versionInfo: first.digest },
        { name: "example.org/hello" },
        { name: "stdlib", versionInfo: expect.stringMatching(/^go1\.26/) as string },
      ],
    });
  }, 300_000);
});

describe("goBuildInfo", () => {
  const info = (modules: string) => {
    const text = (value: string) =>
      Buffer.concat([Buffer.from([(value.length & 0x7f) | 0x80, value.length >> 7]), Buffer.from(value)]);
    const header = Buffer.alloc(32);
    header.write("\xff Go buildinf:", "latin1");
    header[14] = 8;
    header[15] = 2;
    return Buffer.concat([Buffer.alloc(64), header, text("go1.26.8"), text("m".repeat(16) + modules + "m".repeat(16))]);
  };

  it("reads modules, replaced ones by what took their place", () => {
    const text =
      "path\texample.org/x\nmod\texample.org/x\t(devel)\t\ndep\ta.org/a\tv1.0.0\th1:=\ndep\tb.org/b\tv1.0.0\n=>\tc.org/c\tv2.0.0\th1:=\n";
    expect(goBuildInfo(info(text))).toEqual({
      go: "go1.26.8",
      main: { path: "example.org/x", version: "(devel)" },
      modules: [
        { path: "a.org/a", version: "v1.0.0" },
        { path: "c.org/c", version: "v2.0.0" },
      ],
    });
  });

  it("finds none in other programs, and in ones that are cut off", () => {
    expect(goBuildInfo(Buffer.from("\x7fELF"))).toBeUndefined();
    const whole = info("mod\texample.org/x\tv1.0.0\n");
    for (let length = 0; length < whole.length; length++)
      expect(goBuildInfo(whole.subarray(0, length))).toBeUndefined();
  });
});

describe("spdxDocument", () => {
  it("has each module once, sorted, whatever the programs", () => {
    const modules = [
      { path: "b", version: "v1" },
      { path: "a", version: "v1" },
    ];
    const programs = ["/one", "/two"].map((path) => ({ path, go: "go1", modules }));
    const { packages } = spdxDocument("sha256:x", "1970-01-01T00:00:00Z", programs) as { packages: { name: string }[] };
    expect(packages.map(({ name }) => name)).toEqual(["image", "a", "b", "stdlib"]);
    expect(referrersTag("sha256:x")).toBe("sha256-x");
  });
});
