import { describe, expect, it } from "vitest";
import { backportsSuite } from "./qemu-program";

describe("the backports of a system", () => {
  it.each([
    ["Debian 12", 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n', "bookworm-backports"],
    ["Debian without a release", "ID=debian\nVERSION_CODENAME=forky\n", undefined],
    ["Ubuntu", 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n', undefined],
    ["nothing known", "", undefined],
  ])("%s", (_title, text, suite) => {
    expect(backportsSuite(text)).toBe(suite);
  });
});
