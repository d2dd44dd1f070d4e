import { expect, it } from "vitest";
import { linesSince, writtenAt } from "./journal";

it.each([
  ["2026-11-21T08:29:15+00:00 board k3s[1]: x", 1_795_249_755],
  ["2026-11-21T09:29:15+0100 board k3s[1]: x", 1_795_249_755],
  ["2026-11-21T08:29:15.5Z stdout F x", 1_795_249_755.5],
  ["-- Boot 1234 --", undefined],
])("a line begins with its time: %s", (line, seconds) => expect(writtenAt(line)).toBe(seconds));

it("lines of before are left out, and those without a time stay", () => {
  const lines = ["1970-01-01T00:00:09+00:00 a", "1970-01-01T00:00:10+00:00 b", "c"];
  expect(linesSince(lines, 10)).toEqual(lines.slice(1));
  expect(linesSince(lines, undefined)).toEqual(lines);
});
