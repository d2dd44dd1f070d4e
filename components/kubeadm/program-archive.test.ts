import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { elfBytes } from "../images/elf-samples";
import { writeTar } from "../images/tar";
import { unpackProgram } from "./program-archive";

const directory = mkdtempSync(join(tmpdir(), "program-archive-"));
afterAll(() => rmSync(directory, { recursive: true }));

const program = elfBytes({ machine: 243, flags: 5 });
const path = "kubeadm.runtime.source.url";
const file = (name: string, content: Buffer) => ({
  ...{ path: name, type: "file" as const, mode: 0o755, uid: 0, gid: 0 },
  content,
});
function archive(...files: readonly ReturnType<typeof file>[]): string {
  const written = join(directory, "release.tgz");
  writeFileSync(written, gzipSync(writeTar(files)));
  return written;
}

describe("unpackProgram", () => {
  const target = join(directory, "unpacked");

  it.each(["cri-dockerd/cri-dockerd", "cri-dockerd", "bin/deep/cri-dockerd"])("takes %s out", async (name) => {
    const release = archive(file("cri-dockerd/README", Buffer.from("x")), file(name, program));
    await unpackProgram(release, { name: "cri-dockerd", target, path });
    expect(readFileSync(target).equals(program)).toBe(true);
  });
  it("takes no program whose name only ends like it", async () => {
    const release = archive(file("bin/nerdctr", Buffer.from("x")), file("bin/ctr", program));
    await unpackProgram(release, { name: "ctr", target, path });
    expect(readFileSync(target).equals(program)).toBe(true);
  });
  it("refuses an archive without one, and what is no archive", async () => {
    await expect(
      unpackProgram(archive(file("README", Buffer.from("x"))), { name: "ctr", target, path }),
    ).rejects.toThrow("kubeadm.runtime.source.url: the archive has no file ctr in it");
    const other = join(directory, "kubelet.gz");
    writeFileSync(other, gzipSync(Buffer.alloc(2048, "x")));
    await expect(unpackProgram(other, { name: "kubelet", target, path })).rejects.toThrow(
      /^kubeadm\.runtime\.source\.url: the archive cannot be read as a \.tar\.gz: /,
    );
  });
});
