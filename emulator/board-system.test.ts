import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boardRecipe, keepAwake, neighbour, personalizeScript } from "./board-system";
import { recipeKey } from "./debian-base";

describe("the board's scripts", () => {
  it("are POSIX shell", () => {
    const personalize = personalizeScript({ name: "agent-1", number: 2 }, 1_800_000_000_123, "00ff");
    for (const script of [personalize, keepAwake]) {
      expect(() => execFileSync("sh", ["-n"], { input: script, stdio: ["pipe", "ignore", "pipe"] })).not.toThrow();
    }
    expect(personalize).toContain("date -u -s @1800000000.123");
    expect(personalize).toContain("Address=192.168.77.2/24");
  });
});

describe("neighbour", () => {
  it("gives every board a MAC and an address of its own", () => {
    const all = Array.from({ length: 254 }, (_, index) => neighbour(index + 1));
    expect(new Set(all.map(({ mac }) => mac)).size).toBe(254);
    expect(new Set(all.map(({ address }) => address)).size).toBe(254);
    expect(all.every(({ mac }) => /^52:54:00(:[0-9a-f]{2}){3}$/.test(mac))).toBe(true);
  });
});

describe("recipeKey", () => {
  it("changes with the packages and with the architecture", () => {
    const recipe = boardRecipe("riscv64");
    expect(recipeKey(boardRecipe("arm64"))).not.toBe(recipeKey(recipe));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect(recipeKey({ ...recipe, packages: [...recipe.packages, name] })).not.toBe(recipeKey(recipe));
      }),
    );
  });
});
