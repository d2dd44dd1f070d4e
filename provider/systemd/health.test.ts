import { describe, expect, it } from "vitest";
import { describeUnit, hasGivenUp } from "./health";
import { parseUnitState } from "./unit-state";

const state = (changes: Record<string, string>) =>
  parseUnitState(
    Object.entries({
      ActiveState: "active",
      SubState: "running",
      InvocationID: "new",
      Result: "success",
      NRestarts: "0",
      ...changes,
    })
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
  );

describe("hasGivenUp", () => {
  it.each([
    ["runs", {}, false],
    ["starts", { ActiveState: "activating", SubState: "start" }, false],
    ["was restarted by systemd once", { ActiveState: "activating", SubState: "auto-restart", NRestarts: "1" }, false],
    ["was restarted by systemd twice", { ActiveState: "activating", SubState: "auto-restart", NRestarts: "2" }, true],
    ["failed", { ActiveState: "failed", SubState: "failed" }, true],
    ["is still the one of before", { ActiveState: "failed", InvocationID: "old", NRestarts: "9" }, false],
  ])("%s", (_title, changes, expected) => {
    expect(hasGivenUp(state(changes), "old")).toBe(expected);
  });
});

describe("describeUnit", () => {
  it("says how the program ended", () => {
    const failed = state({
      ActiveState: "activating",
      SubState: "auto-restart",
      Result: "exit-code",
      ExecMainStatus: "1",
      NRestarts: "3",
    });
    expect(describeUnit(failed)).toBe("activating (auto-restart, exit-code 1, restarted 3 times)");
    expect(describeUnit(state({}))).toBe("active (running)");
  });
});
