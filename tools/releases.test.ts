import { describe, expect, it } from "vitest";
import { checksumOf } from "./releases";

const digest = "a".repeat(64);
const other = "b".repeat(64);

describe("checksumOf", () => {
  it("takes the line of the file, or a bare digest", () => {
    const list = `${other}  tool-arm64.tar.gz\n${digest} *tool-x64.tar.gz\n`;
    expect(checksumOf("https://example.org/tool-x64.tar.gz", list)).toBe(digest);
    expect(checksumOf("https://example.org/tool-x64.tar.gz", `${digest}\n`)).toBe(digest);
  });
  it("refuses a list without it", () => {
    expect(() => checksumOf("https://example.org/tool.tar.gz", `${other}  x\n<html>`)).toThrow(
      "no sha256 for tool.tar.gz",
    );
  });
});
