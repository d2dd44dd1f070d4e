import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../../tools/progress";
import { elfBytes } from "../../images/elf-samples";
import { writeTar } from "../../images/tar";
import { criDockerd, criDockerdProblem, unpackProgram } from "./cri-dockerd-source";

const directory = mkdtempSync(join(tmpdir(), "cri-dockerd-"));
afterAll(() => rmSync(directory, { recursive: true }));

const riscv64 = elfBytes({ machine: 243, flags: 5 });
const file = (path: string, content: Buffer) => ({ path, type: "file" as const, mode: 0o755, uid: 0, gid: 0, content });

describe("criDockerdProblem", () => {
  it("takes a program for the board", () => {
    expect(criDockerdProblem("/x", riscv64, "riscv64")).toBeUndefined();
  });
  it("says what to give where there is none", () => {
    expect(criDockerdProblem("/opt/cri-dockerd", undefined, "riscv64")).toBe(
      "kubeadm.runtime.source.path: there is no file /opt/cri-dockerd. This program cannot build cri-dockerd, which is no Go module. " +
        "Give kubeadm.runtime.source { kind: path, path: <a cri-dockerd for riscv64> }, { kind: url, url, sha256 }, or { kind: package } " +
        "where the distribution has it; its releases (Mirantis/cri-dockerd on GitHub) have none for riscv64, its sources build one: " +
        "CGO_ENABLED=0 GOARCH=riscv64 go build",
    );
  });
  it.each([
    [elfBytes({ machine: 62 }), "is for amd64, the board is riscv64. "],
    [gzipSync("x"), "is an archive and not the program in it, the board is riscv64. "],
    [Buffer.from("#!/bin/sh"), "is no ELF program, the board is riscv64. "],
  ])("tells what a file is instead", (head, reason) => {
    expect(criDockerdProblem("/x", head, "riscv64")).toContain(`kubeadm.runtime.source: /x ${reason}`);
  });
  it("knows the architectures that the releases have", () => {
    expect(criDockerdProblem("/x", undefined, "arm64")).toMatch(/on GitHub\) have one for arm64$/);
  });
});

describe("criDockerd", () => {
  it("leaves a package to the distribution", async () => {
    const source = { kind: "package", package: "cri-dockerd", binary: "/usr/bin/cri-dockerd" } as const;
    expect(await criDockerd(source, "riscv64", silentProgress)).toEqual({
      kind: "package",
      name: "cri-dockerd",
      path: "/usr/bin/cri-dockerd",
    });
  });
  it("takes a file, and refuses a directory", async () => {
    const path = join(directory, "program");
    writeFileSync(path, riscv64);
    expect(await criDockerd({ kind: "path", path }, "riscv64", silentProgress)).toEqual({
      kind: "file",
      local: path,
      path: "/usr/local/bin/cri-dockerd",
    });
    await expect(criDockerd({ kind: "path", path: directory }, "riscv64", silentProgress)).rejects.toThrow(
      `${directory} is no ELF program`,
    );
  });
});

describe("unpackProgram", () => {
  it("takes the program out of what a release has", async () => {
    const archive = join(directory, "release.tgz");
    writeFileSync(
      archive,
      gzipSync(writeTar([file("cri-dockerd/README", Buffer.from("x")), file("cri-dockerd/cri-dockerd", riscv64)])),
    );
    const target = join(directory, "unpacked");
    await unpackProgram(archive, target);
    expect(readFileSync(target).equals(riscv64)).toBe(true);
  });
  it("refuses an archive without one", async () => {
    const archive = join(directory, "other.tgz");
    writeFileSync(archive, gzipSync(writeTar([file("README", Buffer.from("x"))])));
    await expect(unpackProgram(archive, join(directory, "none"))).rejects.toThrow("has no file cri-dockerd in it");
  });
});
