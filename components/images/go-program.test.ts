import { describe, expect, it } from "vitest";
import { resolveImageSource, type ImageSource } from "./config";
import { commandName, directoryBuild, moduleBuild } from "./go-program";
import { silentProgress } from "../../tools/progress";

describe("commandName", () => {
  it.each([
    ["github.com/coredns/coredns", "coredns"],
    ["github.com/distribution/distribution/v3/cmd/registry", "registry"],
    ["example.org/tool/v2", "tool"],
  ])("%s makes %s", (path, name) => expect(commandName(path)).toBe(name));
});

describe("moduleBuild", () => {
  it("takes the bundled go.mod where there is one for the version", async () => {
    const source = resolveImageSource({ kind: "goModule", module: "github.com/coredns/coredns", version: "v1.14.6" });
    if (source.kind !== "goModule") throw new Error("not a module");
    const build = await moduleBuild(source, "riscv64", silentProgress);
    expect(build).toMatchObject({ packagePath: "github.com/coredns/coredns", goarch: "riscv64", name: "coredns" });
    expect(build.module).toMatch(/tools\/modules\/coredns$/);
  });
});

describe("directoryBuild", () => {
  it("says that a directory has no go.mod", async () => {
    const input: ImageSource = { kind: "goDirectory", directory: "/nowhere" };
    const source = resolveImageSource(input);
    if (source.kind !== "goDirectory") throw new Error("not a directory");
    await expect(directoryBuild(source, "arm64", silentProgress)).rejects.toThrow("/nowhere has no go.mod");
  });
});
