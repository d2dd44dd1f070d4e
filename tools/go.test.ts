import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { goBuildKey, resolveGoModule, type GoBuild } from "./go";
import { silentProgress } from "./progress";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "go-"));
  mkdirSync(join(directory, "module"));
  writeFileSync(join(directory, "module/go.mod"), "module example.org/x\n\ngo 1.26\n");
  writeFileSync(join(directory, "module/main.go"), "package main\n");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const build = (more: Partial<GoBuild> = {}): GoBuild => ({
  module: join(directory, "module"),
  packagePath: ".",
  goarch: "riscv64",
  name: "x",
  ...more,
});

describe("goBuildKey", () => {
  it("changes with the source, the flags and the architecture, and with nothing else", async () => {
    const key = await goBuildKey(build());
    expect(await goBuildKey(build({ env: {}, ldflags: [] }))).toBe(key);
    expect(key).toMatch(/^x-linux-riscv64-[0-9a-f]{24}$/);
    const others = [
      await goBuildKey(build({ goarch: "arm64" })),
      await goBuildKey(build({ ldflags: ["-X main.v=1"] })),
      await goBuildKey(build({ tags: ["netgo"] })),
    ];
    writeFileSync(join(directory, "module/main.go"), "package main // changed\n");
    others.push(await goBuildKey(build()));
    mkdirSync(join(directory, "module/inner"));
    writeFileSync(join(directory, "module/inner/inner.go"), "package inner\n");
    others.push(await goBuildKey(build()));
    expect(new Set([key, ...others]).size).toBe(6);
  });

  it("looks into local directories that replace a module", async () => {
    mkdirSync(join(directory, "library"));
    writeFileSync(join(directory, "library/go.mod"), "module example.org/library\n");
    writeFileSync(
      join(directory, "module/go.mod"),
      "module example.org/x\nreplace example.org/library => ../library\n",
    );
    const key = await goBuildKey(build());
    writeFileSync(join(directory, "library/new.go"), "package library\n");
    expect(await goBuildKey(build())).not.toBe(key);
  });

  it("changes with another go.mod, and with its checksums", async () => {
    const modfile = join(directory, "former.mod");
    writeFileSync(modfile, "module example.org/x\n");
    writeFileSync(join(directory, "former.sum"), "");
    const keys = [await goBuildKey(build()), await goBuildKey(build({ modfile }))];
    writeFileSync(join(directory, "former.sum"), "example.org/y v1.0.0 h1:0\n");
    keys.push(await goBuildKey(build({ modfile })));
    writeFileSync(modfile, "module example.org/x\n\ngo 1.26\n");
    keys.push(await goBuildKey(build({ modfile })));
    expect(new Set(keys).size).toBe(4);
  });
});

describe("resolveGoModule", () => {
  it("refuses a version that moves", async () => {
    await expect(resolveGoModule("example.org/x", "latest", silentProgress)).rejects.toThrow("is not exact");
  });
});
