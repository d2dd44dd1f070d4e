import { describe, expect, it } from "vitest";
import { parseConfigValue } from "./config-value";

describe("parseConfigValue", () => {
  it.each([
    ["retag", "retag"],
    ['{"a":[1]}', { a: [1] }],
    ["true", true],
    ["{half", "{half"],
    ["", ""],
  ])("%s", (text, value) => {
    expect(parseConfigValue(text)).toEqual(value);
  });
});
