import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { blobPath } from "../../../provider/registry/layout";
import { elfBytes } from "../elf-samples";
import { linux } from "../image";
import { auditImage, type AuditArgs } from "./audit";
import { openLocalImages } from "./local";
import type { ImageAudit } from "./result";
import { sampleLayout, type SampleLayer } from "./samples";

const riscv = elfBytes({ machine: 243, flags: 5 });
const x86 = elfBytes({ machine: 62 });
let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-"));
  vi.stubEnv("K3S_BOARD_CACHE", join(directory, "cache"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Audits a layout for riscv64. */
async function audit(
  layout: { directory: string; digest: string },
  args: Partial<AuditArgs> = {},
): Promise<ImageAudit> {
  const { store, close } = await openLocalImages(layout.directory);
  try {
    return await auditImage({
      store,
      repository: "demo",
      reference: layout.digest,
      platform: linux("riscv64"),
      ...args,
    });
  } finally {
    await close();
  }
}

async function auditLayers(layers: readonly SampleLayer[], args: Partial<AuditArgs> = {}): Promise<ImageAudit> {
  return audit(await sampleLayout(directory, { "linux/riscv64": layers }), args);
}

/** What a file is refused for: path, what was found and what is wanted. */
const refusals = ({ problems }: ImageAudit) =>
  problems.map(({ path, found, wanted }) => `${path}: ${found} for ${wanted}`);

describe("auditImage", () => {
  it("takes an image whose programs are what its manifest says", async () => {
    const result = await auditLayers([
      {
        entries: { "/bin/app": riscv, "/etc/hosts": Buffer.from("x"), "/probe.o": elfBytes({ machine: 247, type: 1 }) },
      },
    ]);
    expect(result).toMatchObject({
      verdict: "fits",
      platforms: ["linux/riscv64"],
      problems: [],
      programs: 1,
      cached: false,
    });
  });

  it("refuses an image that lies, and names layer, file and both architectures", async () => {
    const result = await auditLayers([
      { entries: { "/etc/hosts": Buffer.from("x") } },
      { entries: { "/usr/bin/flexvol": x86 } },
    ]);
    expect(result.verdict).toBe("programs");
    const [problem] = result.problems;
    expect(problem).toMatchObject({
      kind: "architecture",
      path: "/usr/bin/flexvol",
      found: "amd64",
      wanted: "riscv64",
    });
    expect(problem?.layer).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(problem?.message).toBe(
      `/usr/bin/flexvol (layer ${problem?.layer.slice(0, 19)}) is a program for amd64, the image is for riscv64`,
    );
  });

  it.each<[string, SampleLayer[], string[]]>([
    [
      "a library of another float ABI",
      [{ entries: { "/lib/x.so": elfBytes({ machine: 243, type: 3, flags: 1 }) } }],
      ["/lib/x.so: soft-float for double-float"],
    ],
    [
      "a missing interpreter",
      [{ entries: { "/app": elfBytes({ machine: 243, flags: 5, interpreter: "/lib/ld.so" }) } }],
      ["/app: no such file for /lib/ld.so"],
    ],
    [
      "an interpreter that a later layer takes away",
      [
        { entries: { "/app": elfBytes({ machine: 243, flags: 5, interpreter: "/lib/ld.so" }), "/lib/ld.so": riscv } },
        { entries: { "/lib/.wh.ld.so": Buffer.alloc(0) } },
      ],
      ["/app: no such file for /lib/ld.so"],
    ],
    [
      "a wrong program that an opaque whiteout hides",
      [{ entries: { "/opt/x86": x86 } }, { entries: { "/opt/.wh..wh..opq": Buffer.alloc(0) } }],
      [],
    ],
    [
      "a hard link to a hidden wrong program",
      [
        { entries: { "/opt/x86": x86, "/bin/kept": { hardlink: "/opt/x86" } } },
        { entries: { "/opt/.wh..wh..opq": Buffer.alloc(0) } },
      ],
      ["/bin/kept: amd64 for riscv64"],
    ],
    [
      "a wrong program in a zstd layer of several blocks",
      [{ compression: "zstd", entries: { "/big": Buffer.alloc(300_000), "/bin/x": x86 } }],
      ["/bin/x: amd64 for riscv64"],
    ],
    [
      "a wrong program in an uncompressed layer",
      [{ compression: "none", entries: { "/bin/x": x86 } }],
      ["/bin/x: amd64 for riscv64"],
    ],
    [
      "a damaged program",
      [{ entries: { "/bin/x": riscv.subarray(0, 50) } }],
      ["/bin/x: damaged ELF file: it is cut off for a whole ELF file"],
    ],
  ])("%s", async (_name, layers, expected) => expect(refusals(await auditLayers(layers))).toEqual(expected));

  it("says which platforms a tag has where the board's is not among them", async () => {
    const layout = await sampleLayout(directory, {
      "linux/amd64": [{ entries: { "/app": x86 } }],
      "linux/arm64/v8": [{ entries: {} }],
    });
    expect(await audit(layout)).toMatchObject({
      verdict: "platform",
      platforms: ["linux/amd64", "linux/arm64/v8"],
      problems: [],
    });
  });

  it("looks at the board's image of an index only", async () => {
    const layout = await sampleLayout(directory, {
      "linux/amd64": [{ entries: { "/app": x86 } }],
      "linux/riscv64": [{ entries: { "/app": riscv } }],
    });
    const result = await audit(layout);
    expect(result).toMatchObject({ verdict: "fits", programs: 1 });
    expect(result.platformDigest).not.toBe(result.digest);
  });

  it("says that there is no such tag", async () => {
    const layout = await sampleLayout(directory, { "linux/riscv64": [] });
    expect((await audit(layout, { reference: "9.9" })).verdict).toBe("absent");
  });

  it("reads nothing the second time, but again for another page size; the allow-list counts at once", async () => {
    const layout = await sampleLayout(directory, { "linux/riscv64": [{ entries: { "/bin/once": x86 } }] });
    const first = await audit(layout);
    expect(first.bytesRead).toBeGreaterThan(0);
    const allow = [{ image: "demo:*", path: "/bin/*", reason: "meant" }];
    const second = await audit(layout, { allow, name: "demo:1" });
    expect(second).toMatchObject({
      verdict: "fits",
      cached: true,
      bytesRead: 0,
      allowed: [{ path: "/bin/once", reason: "meant" }],
    });
    expect((await audit(layout)).problems).toEqual(first.problems);
    expect(await audit(layout, { pageSize: 65536 })).toMatchObject({ cached: false, verdict: "programs" });
  });

  it("refuses layers that cannot be read before it reads one", async () => {
    const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    await expect(auditLayers([{ mediaType: foreign, entries: {} }])).rejects.toThrow(
      /media type .*foreign.*an address of its own/,
    );
    await expect(auditLayers([{ mediaType: "text/plain", entries: {} }])).rejects.toThrow("media type text/plain");
  });

  it("does not believe a blob that is not what its digest says", async () => {
    const layout = await sampleLayout(directory, {
      "linux/riscv64": [{ compression: "none", entries: { "/bin/app": riscv, "/note": Buffer.from("1") } }],
    });
    const manifest = JSON.parse(readFileSync(blobPath(layout.directory, layout.digest), "utf8")) as {
      layers: { digest: string }[];
    };
    const path = blobPath(layout.directory, manifest.layers[0]?.digest ?? "");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    writeFileSync(path, bytes);
    await expect(audit(layout)).rejects.toThrow(/has digest sha256:/);
  });
});
