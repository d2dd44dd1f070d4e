import { describe, expect, it } from "vitest";
import { describeMissing, ensureCommands, isDebianLike } from "./host-packages";
import { silentProgress } from "./progress";

describe("isDebianLike", () => {
  it("knows Debian, Ubuntu and what is built on them", () => {
    expect(isDebianLike('NAME="Debian"\nID=debian\n')).toBe(true);
    expect(isDebianLike('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe(true);
    expect(isDebianLike('ID="openEuler"\nID_LIKE=fedora\n')).toBe(false);
    expect(isDebianLike("")).toBe(false);
  });
});

describe("ensureCommands", () => {
  it("touches nothing when all is there", async () => {
    const found = await ensureCommands([{ command: "sh", debianPackage: "dash", why: "runs scripts" }], silentProgress);
    expect(found.get("sh")).toMatch(/\/sh$/);
  });
});

describe("describeMissing", () => {
  it("lists every program, what it is for and how to get it", () => {
    const missing = [
      { command: "mmdebstrap", debianPackage: "mmdebstrap", why: "makes the board's file system" },
      { command: "riscv64-linux-gnu-gcc", debianPackage: "gcc-riscv64-linux-gnu", why: "compiles pause" },
    ];
    expect(describeMissing(missing, (need) => need.command, "no root")).toBe(
      "this machine lacks programs, and they are not installed here: no root\n" +
        "  mmdebstrap: makes the board's file system (Debian and Ubuntu: apt-get install mmdebstrap)\n" +
        "  riscv64-linux-gnu-gcc: compiles pause (Debian and Ubuntu: apt-get install gcc-riscv64-linux-gnu)",
    );
  });
});
