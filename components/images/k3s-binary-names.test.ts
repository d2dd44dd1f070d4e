import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { zstdFrame } from "./audit/samples";
import { readNames } from "./k3s-binary-names";

const root = mkdtempSync(join(tmpdir(), "binary-"));
afterAll(() => rmSync(root, { recursive: true }));

function binary(name: string, ...parts: (Buffer | string)[]): string {
  const path = join(root, name);
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return path;
}

const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

describe("readNames", () => {
  it("finds names in the program and in the archive inside it, over the ends of pieces", async () => {
    const manifest = 'image: "%{SYSTEM_DEFAULT_REGISTRY}%rancher/mirrored-coredns-coredns:1.14.6"\n';
    const inner = Buffer.concat([Buffer.alloc(100_000), Buffer.from(manifest), Buffer.alloc(1000)]);
    // the number that begins a frame is in the code of programs that unpack frames, too
    const start = Buffer.concat([Buffer.from("\x7fELF"), magic, Buffer.from("no frame")]);
    const constant = "rancher/mirrored-pause:3.10.2reading";
    const filler = Buffer.alloc(1024 * 1024 - start.length - 26, 1);
    const names = await readNames(binary("k3s", start, filler, constant, zstdFrame(inner), "the rest of the program"));
    expect(names).toEqual({
      pause: "docker.io/rancher/mirrored-pause:3.10.2",
      coredns: "docker.io/rancher/mirrored-coredns-coredns:1.14.6",
    });
  });

  it("finds nothing where nothing is", async () => {
    expect(await readNames(binary("other", "\x7fELF", Buffer.alloc(1000)))).toEqual({});
  });
});
