import { describe, expect, it } from "vitest";
import { pauseMilliseconds } from "./pause";

describe("the pause between two looks at a board", () => {
  it.each([
    [0, 1000],
    [200, 1000],
    [1000, 4000],
    [3000, 12_000],
    [60_000, 15_000],
  ])("a look of %i ms is followed by %i ms", (look, pause) => {
    expect(pauseMilliseconds(look)).toBe(pause);
  });
});
