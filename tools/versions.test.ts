import { describe, expect, it } from "vitest";
import { isAtLeast, parseVersion } from "./versions";

describe("isAtLeast", () => {
  it.each([
    ["v3.259.0\n", "v3.248.0", true],
    ["v3.248.0", "v3.248.0", true],
    ["v3.99.9", "v3.248.0", false],
    ["v4.0.0-alpha.1", "v3.248.0", true],
    ["go1.26.8", "1.21", true],
    ["go1.19.8", "1.21", false],
    ["", "1.21", false],
  ])("%s against %s: %s", (text, minimum, expected) => expect(isAtLeast(text, minimum)).toBe(expected));

  it("reads two numbers as three", () => expect(parseVersion("1.26")).toEqual([1, 26, 0]));
});
