import { describe, expect, it } from "vitest";
import { silentProgress } from "../tools/progress";
import { clockEnvironment, clockRate } from "./clock-rate";

describe("clockRate", () => {
  it.each([
    [undefined, 1],
    ["", 1],
    ["1", 1],
    ["0.25", 0.25],
  ])("%s is %d", (text, rate) => {
    expect(clockRate({ K3S_BOARD_CLOCK_RATE: text })).toBe(rate);
  });

  it.each(["0", "2", "-1", "quick", "1/4"])("refuses %s", (text) => {
    expect(() => clockRate({ K3S_BOARD_CLOCK_RATE: text })).toThrow(
      `K3S_BOARD_CLOCK_RATE=${text}: a number from 0.05 to 1 is wanted`,
    );
  });
});

describe("clockEnvironment", () => {
  it("leaves QEMU alone where the clock runs as usual", async () => {
    expect(await clockEnvironment(1, silentProgress)).toEqual({});
  });
});
