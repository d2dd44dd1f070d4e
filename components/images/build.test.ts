import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "../../provider/registry/layout";
import type { Progress } from "../../tools/progress";
import { buildImage } from "./build";
import { elfBytes } from "./elf-samples";
import { linux } from "./image";
import { verifyLayout } from "./verify-layout";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "build-"));
  process.env.K3S_BOARD_CACHE = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

function recordingProgress(): Progress & { steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    step(title, work) {
      steps.push(title);
      return work(() => undefined);
    },
  };
}

describe("buildImage", () => {
  it("makes the same pause image in two empty caches, and then knows it without compiling", async () => {
    const first = await buildImage({ kind: "pause" }, "riscv64", recordingProgress());
    await verifyLayout("pause", first.layout, linux("riscv64"));
    const progress = recordingProgress();
    expect(await buildImage({ kind: "pause" }, "riscv64", progress)).toEqual(first);
    expect(progress.steps).toEqual([]);

    process.env.K3S_BOARD_CACHE = join(root, "another");
    const second = await buildImage({ kind: "pause" }, "riscv64", recordingProgress());
    expect(second.layout).not.toBe(first.layout);
    expect(second.digest).toBe(first.digest);
    expect(JSON.parse(readFileSync(blobPath(second.layout, second.configDigest), "utf8"))).toMatchObject({
      architecture: "riscv64",
      config: { Entrypoint: ["/pause"], User: "65535:65535" },
    });
  }, 60_000);

  it("compiles a C file of the user's", async () => {
    writeFileSync(join(root, "tool.c"), "int main(void) { return 7; }\n");
    const image = await buildImage({ kind: "c", source: "tool.c" }, "riscv64", recordingProgress(), { base: root });
    expect(readFileSync(blobPath(image.layout, image.configDigest), "utf8")).toContain('"Entrypoint":["/tool"]');
    writeFileSync(join(root, "tool.c"), "int main(void) { return }\n");
    await expect(
      buildImage({ kind: "c", source: "tool.c" }, "riscv64", recordingProgress(), { base: root }),
    ).rejects.toThrow(/compiling .*tool\.c: riscv64-linux-gnu-gcc failed[\s\S]*error: expected expression/);
  }, 60_000);

  it("refuses a file that was built for another machine, and keeps nothing of it", async () => {
    writeFileSync(join(root, "app"), elfBytes({ machine: 62 }));
    const source = { kind: "files", files: { "/app": { source: "app", mode: "0755" } } } as const;
    const building = buildImage(source, "riscv64", recordingProgress(), { base: root });
    await expect(building).rejects.toThrow("/app is a program for amd64, the image is for riscv64");
    writeFileSync(join(root, "app"), elfBytes({ machine: 243, flags: 5 }));
    const image = await buildImage(source, "riscv64", recordingProgress(), { base: root });
    expect(readFileSync(blobPath(image.layout, image.configDigest), "utf8")).toContain('"Entrypoint":["/app"]');
  });

  it("refuses programs for smaller pages than the board's, although another board has that image", async () => {
    writeFileSync(join(root, "app"), elfBytes({ machine: 183, address: 0x1000n }));
    const source = { kind: "files", files: { "/app": { source: "app", mode: "0755" } } } as const;
    const build = (pageSize: number) => buildImage(source, "arm64", recordingProgress(), { base: root, pageSize });
    const image = await build(4096);
    await expect(build(65536)).rejects.toThrow("/app is not aligned to the board's memory pages of 65536 bytes");
    writeFileSync(join(root, "app"), elfBytes({ machine: 183 }));
    expect((await build(65536)).digest).not.toBe(image.digest);
    expect((await build(65536)).digest).toBe((await build(4096)).digest);
  });
});
