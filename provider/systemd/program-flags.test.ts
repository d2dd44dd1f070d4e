import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Board, RunOptions } from "../ssh/board";
import { flagProblem, helpScript } from "./program-flags";

const help = Array.from({ length: 12 }, (_, index) => `   --flag-${index} value  (test) number ${index}`).join("\n");

describe("helpScript", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "k3s-board help-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const asked = (script: string) => {
    const path = join(directory, "program");
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return execFileSync("sh", ["-c", helpScript(path, "server")], { encoding: "utf8" });
  };

  it("reads what the command prints, and nothing that it complains of", () => {
    expect(asked('echo "$@"; echo trouble >&2')).toBe("server --help\n");
  });

  it("takes the help of a program that ends with an error", () => expect(asked("echo help; exit 3")).toBe("help\n"));

  it("ends a program that goes on printing", () => expect(asked("exec yes")).toHaveLength(262_144));

  it("gets nothing of a program that is not there", () => {
    expect(execFileSync("sh", ["-c", helpScript(join(directory, "gone"), "server")], { encoding: "utf8" })).toBe("");
  });
});

describe("flagProblem", () => {
  const asking = (stdout: string) => {
    const scripts: string[] = [];
    const run = (script: string, _options: RunOptions) => {
      scripts.push(script);
      return Promise.resolve({ code: 0, stdout, stderr: "" });
    };
    return { scripts, board: { run } as unknown as Board };
  };
  const flags = (...names: string[]) => ({ program: "/opt/demo", command: "server", names });

  it("asks nothing where no flags are known", async () => {
    const { scripts, board } = asking(help);
    expect(await flagProblem(board, undefined)).toBeUndefined();
    expect(await flagProblem(board, flags())).toBeUndefined();
    expect(scripts).toEqual([]);
  });

  it.each([
    ["in its place", undefined, "/opt/demo"],
    ["where it is staged", "/opt/.demo.k3s-board-new", "/opt/.demo.k3s-board-new"],
  ])("asks the program %s", async (_title, path, asked) => {
    const { scripts, board } = asking(help);
    expect(await flagProblem(board, flags("flag-1", "flag-99"), path)).toContain(
      "what `demo server --help` does not list: --flag-99 (did you mean flag-9?)",
    );
    expect(scripts).toEqual([helpScript(asked, "server")]);
  });
});
