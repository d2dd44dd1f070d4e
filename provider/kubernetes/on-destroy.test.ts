import { describe, expect, it } from "vitest";
import { depthOf } from "./on-destroy";

describe("depthOf", () => {
  it.each([
    [undefined, undefined, "remove"],
    ["keepData", undefined, "keepData"],
    ["keepData", "", "keepData"],
    ["keepData", "purge", "purge"],
    ["purge", "keepData", "keepData"],
  ] as const)("%s in the state, %s in the environment: %s", (inState, named, depth) =>
    expect(depthOf(inState, { K3S_BOARD_ON_DESTROY: named })).toBe(depth),
  );

  it("takes a mistyped word for none of them", () => {
    expect(() => depthOf("keepData", { K3S_BOARD_ON_DESTROY: "keep-data" })).toThrow(
      'K3S_BOARD_ON_DESTROY is "keep-data": expected keepData, remove, purge',
    );
  });
});
