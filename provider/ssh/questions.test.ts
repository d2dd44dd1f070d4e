import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchScript, parseBatch } from "./questions";

const nonce = "0123456789abcdef";

function ask(fragments: string[]) {
  const { stdout } = spawnSync("sh", [
    "-c",
    batchScript(
      nonce,
      [],
      fragments.map((fragment) => ({ fragment })),
    ),
  ]);
  return parseBatch(nonce, stdout, fragments.length + 1)?.slice(1);
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
      [3, "one\n", "two"],
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
  it("keeps what is longer than a pipe holds, bytes as they are", () => {
    const long = "head -c 300000 /dev/zero; printf '\\377\\n'; head -c 100000 /dev/zero | tr '\\0' x >&2";
    const answers = ask([long, long, "exit 7"]);
    expect(answers?.map(({ code, stdout, stderr }) => [code, stdout.length, stdout.at(-2), stderr.length])).toEqual([
      [0, 300002, 255, 100000],
      [0, 300002, 255, 100000],
      [7, 0, undefined, 0],
    ]);
  });
  it("runs its halves side by side", () => {
    // each waits for the other: one after the other they would wait for ever
    const meet = (mine: string, other: string) =>
      `: >$TMPDIR/${mine}; until [ -e $TMPDIR/${other} ]; do sleep 0.01; done; echo ${mine}`;
    const directory = mkdtempSync(join(tmpdir(), "k3s-board-questions-"));
    process.env.TMPDIR = directory;
    try {
      expect(ask([meet("a", "b"), meet("b", "a")])?.map(({ stdout }) => stdout.toString())).toEqual(["a\n", "b\n"]);
    } finally {
      delete process.env.TMPDIR;
      rmSync(directory, { recursive: true });
    }
  });
  it("that was cut off is no answer", () => {
    const output = execFileSync("sh", ["-c", batchScript(nonce, [], [{ fragment: "echo one" }])], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(parseBatch(nonce, output, 2)).toHaveLength(2);
    expect(parseBatch(nonce, output.subarray(0, -2), 2)).toBeUndefined();
  });
});
