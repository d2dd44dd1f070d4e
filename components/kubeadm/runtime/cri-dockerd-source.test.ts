import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { silentProgress } from "../../../tools/progress";
import { elfBytes } from "../../images/elf-samples";
import { criDockerd, criDockerdProblem } from "./cri-dockerd-source";

const directory = mkdtempSync(join(tmpdir(), "cri-dockerd-"));
afterAll(() => rmSync(directory, { recursive: true }));

const riscv64 = elfBytes({ machine: 243, flags: 5 });

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
