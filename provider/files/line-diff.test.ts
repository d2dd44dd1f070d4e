import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineDiff } from "./line-diff";

const text = fc
  .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

describe("lineDiff", () => {
  it("shows what changes with its surroundings", () => {
    expect(lineDiff("1\n2\n3\n4\n5\n6\n", "1\n2\n3\nfour\n5\n6\n")).toEqual([
      "  2",
      "  3",
      "- 4",
      "+ four",
      "  5",
      "  6",
    ]);
  });
  it("leaves out what is far from a change", () => {
    const lines = Array.from({ length: 20 }, (_, index) => `${index}\n`);
    const changed = lines.map((line, index) => (index === 0 || index === 19 ? `new ${line}` : line));
    expect(lineDiff(lines.join(""), changed.join(""))).toEqual([
      "- 0",
      "+ new 0",
      "  1",
      "  2",
      "…",
      "  17",
      "  18",
      "- 19",
      "+ new 19",
    ]);
  });
  it("says that a newline is missing at the end", () => {
    expect(lineDiff("a\n", "a")).toEqual(["- a", "+ a (no newline at the end)"]);
  });
  it("is empty for equal texts only", () => {
    fc.assert(
      fc.property(text, text, (before, after) => (lineDiff(before, after).length === 0) === (before === after)),
    );
  });
  it("removes as many lines as it adds but for the difference in length", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const count = (sign: string) => lineDiff(before, after).filter((line) => line.startsWith(sign)).length;
        expect(count("+") - count("-")).toBe(after.split("\n").length - before.split("\n").length);
      }),
    );
  });
  it("cuts very long differences and stands very long texts", () => {
    const long = Array.from({ length: 3000 }, (_, index) => `${index}\n`).join("");
    expect(lineDiff("", long).at(-1)).toBe("… 2940 more");
    expect(lineDiff(long, long.replaceAll("1", "one")).length).toBe(61);
  });
});
