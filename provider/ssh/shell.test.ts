import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { invocation, quote } from "./shell";

const word = fc.string({
  unit: fc.constantFrom("a", " ", "'", '"', "$", "\\", "\n", "*", "`", ";", "ä", "-"),
  maxLength: 12,
});

describe("quote", () => {
  it("gives a shell the very same word", () => {
    fc.assert(
      fc.property(word, (text) => {
        expect(execFileSync("sh", ["-c", `printf %s ${quote(text)}`], { encoding: "utf8" })).toBe(text);
      }),
      { numRuns: 50 },
    );
  });
});

describe("invocation", () => {
  it("keeps script and payload apart, whatever is in them, and out of argv", () => {
    fc.assert(
      fc.property(word, fc.uint8Array({ maxLength: 5000 }), (text, bytes) => {
        const payload = Buffer.from(bytes);
        const { command, head } = invocation(`printf %s ${quote(text)}; printf '\\n'; cat`, 10, "none");
        const output = execFileSync("sh", ["-c", command], { input: Buffer.concat([head, payload]) });
        expect(output.equals(Buffer.concat([Buffer.from(`${text}\n`), payload]))).toBe(true);
        expect(command).toMatch(
          /^exec timeout -k 5 10 sh -c 'eval "\$\(dd bs=\d+ count=1 iflag=fullblock 2>\/dev\/null\)"'$/,
        );
      }),
      { numRuns: 30 },
    );
  });
});
