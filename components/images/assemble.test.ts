import { mkdtempSync, readFileSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath, readLayout } from "../../provider/registry/layout";
import { assembleImage, layerEntries, type ImageSpec } from "./assemble";
import { elfBytes } from "./elf-samples";
import { linux } from "./image";
import { verifyLayout } from "./verify-layout";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "image-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function empty(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

const spec = (content = elfBytes({ machine: 243, flags: 5 })): ImageSpec => ({
  tree: [
    { path: "/usr/bin/app", content, mode: 0o755, capabilities: ["net_bind_service"] },
    { path: "/etc/app.conf", content: Buffer.from("setting\n".repeat(1000)) },
    { path: "/bin", target: "usr/bin" },
  ],
  runtime: { entrypoint: ["/usr/bin/app"], args: ["-v"], user: "1:1", env: { B: "2", A: "1" }, workingDirectory: "/" },
  annotations: { "org.opencontainers.image.version": "1.0", "org.opencontainers.image.source": "https://example.org" },
});

describe("assembleImage", () => {
  it("makes the same image of the same spec, in any order", async () => {
    const one = await assembleImage(spec(), linux("riscv64"), empty("one"));
    const { tree, ...rest } = spec();
    const two = await assembleImage({ ...rest, tree: [...tree].reverse() }, linux("riscv64"), empty("two"));
    expect(two.digest).toBe(one.digest);
    expect(two.size).toBe(one.size);
    expect((await assembleImage(spec(), linux("arm64"), empty("three"))).digest).not.toBe(one.digest);
  });

  it("keeps its bytes: raise assemblyFormat when this changes on purpose", async () => {
    const image = await assembleImage(spec(), linux("riscv64"), empty("one"));
    expect(image.digest).toMatchInlineSnapshot(
      `"sha256:855e2b2f41ddbf3a35daa3e40c54451c7adf1d34610b112a66c93998300ad595"`,
    );
    const config = readFileSync(blobPath(image.layout, image.configDigest), "utf8");
    expect(JSON.parse(config)).toMatchInlineSnapshot(`
      {
        "architecture": "riscv64",
        "config": {
          "Cmd": [
            "-v",
          ],
          "Entrypoint": [
            "/usr/bin/app",
          ],
          "Env": [
            "A=1",
            "B=2",
          ],
          "User": "1:1",
          "WorkingDir": "/",
        },
        "created": "1970-01-01T00:00:00Z",
        "history": [
          {
            "created": "1970-01-01T00:00:00Z",
            "created_by": "k3s-board",
          },
        ],
        "os": "linux",
        "rootfs": {
          "diff_ids": [
            "sha256:bc3eee411e7304033494ea0918d5bb38d48fd971497faf5c3d0e346c038f7bcf",
          ],
          "type": "layers",
        },
      }
    `);
  });

  it("refuses a path twice, and one outside of the image", () => {
    const content = Buffer.from("");
    expect(() =>
      layerEntries([
        { path: "/a", content },
        { path: "//a", content },
      ]),
    ).toThrow("in the image twice");
    expect(() => layerEntries([{ path: "/../a", content }])).not.toThrow();
    expect(() => layerEntries([{ path: "../a", content }])).toThrow("not a path inside an image");
    expect(() => layerEntries([{ path: "/" }])).toThrow("not a path inside an image");
  });
});

describe("verifyLayout", () => {
  it("accepts what assembleImage wrote", async () => {
    const image = await assembleImage(spec(), linux("riscv64"), empty("one"));
    expect(await verifyLayout("demo", image.layout, linux("riscv64"))).toEqual(image);
  });

  it("refuses another platform, programs that are not what the manifest says, and damaged blobs", async () => {
    const image = await assembleImage(spec(), linux("riscv64"), empty("one"));
    await expect(verifyLayout("demo", image.layout, linux("arm64"))).rejects.toThrow(
      "is for linux/riscv64, not for linux/arm64",
    );

    const lying = await assembleImage(spec(elfBytes({ machine: 62 })), linux("riscv64"), empty("two"));
    await expect(verifyLayout("demo", lying.layout, linux("riscv64"))).rejects.toThrow(
      /\/usr\/bin\/app \(layer sha256:[0-9a-f]{12}\) is a program for amd64, the image is for riscv64/,
    );

    const [layer] = (await readLayout(image.layout)).layers;
    const path = blobPath(image.layout, layer?.digest ?? "");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30);
    writeFileSync(path, bytes);
    await expect(verifyLayout("demo", image.layout, linux("riscv64"))).rejects.toThrow(/has digest sha256:/);
    writeFileSync(path, bytes.subarray(1));
    await expect(verifyLayout("demo", image.layout, linux("riscv64"))).rejects.toThrow("not a whole OCI layout");
  });
});
