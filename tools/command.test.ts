import { describe, expect, it } from "vitest";
import { findCommand, runCommand } from "./command";

describe("runCommand", () => {
  it("captures both outputs, feeds input and passes on lines", async () => {
    const lines: string[] = [];
    const result = await runCommand("sh", ["-c", "cat; echo second; echo error >&2"], {
      input: "first\n",
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ stdout: "first\nsecond\n", stderr: "error\n" });
    expect(lines.sort()).toEqual(["error", "first", "second"]);
  });

  it("says what it was for, the code and the last lines, and not the arguments", async () => {
    const failing = runCommand("sh", ["-c", "echo secret-free >&2; exit 3", "s3cret"], { purpose: "testing" });
    await expect(failing).rejects.toMatchObject({ code: 3, command: "sh" });
    await expect(failing).rejects.toThrow("testing: sh failed, exit code 3\nsecret-free");
    await expect(failing).rejects.not.toThrow("s3cret");
  });

  it("ends what takes too long", async () => {
    await expect(runCommand("sleep", ["30"], { timeoutSeconds: 0.1 })).rejects.toThrow("not finished after 0.1 s");
  });

  it("says that a program is not installed", async () => {
    await expect(runCommand("no-such-program", [])).rejects.toThrow("not installed, or not on PATH");
  });
});

describe("findCommand", () => {
  it("finds what is there", () => {
    expect(findCommand("sh")).toMatch(/\/sh$/);
    expect(findCommand("no-such-program")).toBeUndefined();
  });
});
