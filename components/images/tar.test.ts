import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar-stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeTar, type TarEntry } from "./tar";

interface Read {
  name: string;
  type: string | null | undefined;
  mode: number | undefined;
  content: string;
  linkname: string | null | undefined;
}

/** What another implementation makes of an archive. */
async function read(archive: Buffer): Promise<Read[]> {
  const found: Read[] = [];
  const reader = extract();
  const done = (async () => {
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const { name, type, mode, linkname } = entry.header;
      found.push({ name, type, mode, content: Buffer.concat(chunks).toString("latin1"), linkname });
    }
  })();
  reader.end(archive);
  await done;
  return found;
}

const base = { uid: 0, gid: 0 };
const fileNamed = (path: string, content = "x"): TarEntry => ({
  ...base,
  path,
  type: "file",
  mode: 0o644,
  content: Buffer.from(content, "latin1"),
});

describe("writeTar", () => {
  it("writes what another reader reads, whatever the names and contents", async () => {
    const part = fc
      .string({ minLength: 1, maxLength: 60, unit: fc.constantFrom(..."abcäß-._0") })
      .filter((text) => !/^\.+$/.test(text));
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    const entry = fc.record({
      path,
      mode: fc.constantFrom(0o644, 0o755, 0o4755),
      content: fc.string({ maxLength: 1200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (entries) => {
        const wanted = entries.map(({ path: name, mode, content }) => ({
          ...fileNamed(name),
          mode,
          content: Buffer.from(content),
        }));
        const found = await read(writeTar(wanted));
        expect(found.map(({ name, mode, content }) => [name, mode, content])).toEqual(
          wanted.map((file) => [file.path, file.mode, file.content.toString("latin1")]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("writes directories, symlinks and extended attributes that GNU tar accepts", () => {
    const directory = mkdtempSync(join(tmpdir(), "tar-"));
    try {
      const archive = writeTar([
        { ...base, path: "bin", type: "directory", mode: 0o755 },
        { ...fileNamed("bin/tool"), mode: 0o755, attributes: { "user.note": Buffer.from("hello\0world") } },
        { ...base, path: "sbin", type: "symlink", mode: 0o777, target: "bin" },
        { ...base, path: "far", type: "symlink", mode: 0o777, target: "d/".repeat(80) },
      ]);
      const listed = execFileSync("tar", ["--xattrs", "-tvv", "-f", "-"], {
        input: archive,
        encoding: "utf8",
        env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
      });
      expect(listed).toMatchInlineSnapshot(`
        "drwxr-xr-x  0/0               0 1970-01-01 00:00 bin/
        -rwxr-xr-x* 0/0               1 1970-01-01 00:00 bin/tool
          x: 11 user.note
        lrwxrwxrwx  0/0               0 1970-01-01 00:00 sbin -> bin
        lrwxrwxrwx  0/0               0 1970-01-01 00:00 far -> d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/
        "
      `);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("keeps its bytes: an image's digest hangs on them", () => {
    const archive = writeTar([
      { ...base, path: "etc", type: "directory", mode: 0o755 },
      fileNamed("etc/hosts", "127.0.0.1\n"),
    ]);
    expect(archive.length).toBe(2560);
    expect(archive.subarray(512, 640).toString("latin1").replaceAll("\0", "|")).toMatchInlineSnapshot(
      `"etc/hosts|||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||0000644|0000000|0000000|0000"`,
    );
  });
});
