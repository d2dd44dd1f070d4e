import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { batchScript, parseBatch } from "./questions";

const nonce = "0123456789abcdef";

function ask(fragments: string[]) {
  const { stdout, stderr } = spawnSync("sh", [
    "-c",
    batchScript(
      nonce,
      [],
      fragments.map((fragment) => ({ fragment })),
    ),
  ]);
  return parseBatch(nonce, stdout, stderr, fragments.length + 1)?.slice(1);
}

describe("a batch", () => {
  it("gives each fragment its own output, error output and exit code", () => {
    const answers = ask([
      "echo one; echo two >&2; exit 3",
      "cd /nowhere 2>/dev/null",
      "printf 'no newline'",
      "false; pwd",
    ]);
    expect(answers?.map(({ code, stdout, stderr }) => [code, stdout.toString(), stderr])).toEqual([
      [3, "one\n", "two\n"],
      [expect.any(Number), "", ""],
      [0, "no newline", ""],
      [0, `${process.cwd()}\n`, ""],
    ]);
  });
  it("survives a fragment that reads stdin or sets variables", () => {
    expect(ask(["cat", "x=1; set -e; set -f", 'echo "$x"'])?.map(({ stdout }) => stdout.toString())).toEqual([
      "",
      "",
      "\n",
    ]);
  });
  it("that was cut off is no answer", () => {
    const output = execFileSync("sh", ["-c", batchScript(nonce, [], [{ fragment: "echo one" }])], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(parseBatch(nonce, output.subarray(0, -2), Buffer.alloc(0), 2)).toBeUndefined();
  });
});
