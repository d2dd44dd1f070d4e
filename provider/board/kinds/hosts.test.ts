import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editHosts, parseHostsBlock } from "./hosts";

const line = fc.stringMatching(/^[a-z0-9.# ]{0,20}$/);
/** A hosts file that ends with a newline, or is empty. */
const file = fc.array(line).map((lines) => lines.map((one) => `${one}\n`).join(""));
const entries = fc.dictionary(fc.ipV4(), fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8})?$/), { minKeys: 1 });

describe("the block in /etc/hosts", () => {
  it("goes without a trace", () => {
    fc.assert(fc.property(file, entries, (text, wanted) => editHosts(editHosts(text, wanted), {}) === text));
  });

  it("is found as it was written, and rewritten in its place", () => {
    fc.assert(
      fc.property(file, file, entries, entries, (above, below, first, second) => {
        const there = `${editHosts(above, first)}${below}`;
        expect(parseHostsBlock(there)).toEqual(first);
        const again = editHosts(there, second);
        expect(parseHostsBlock(again)).toEqual(second);
        expect(editHosts(again, {})).toBe(above + below);
      }),
    );
  });

  it("stands behind a last line without a newline", () => {
    expect(editHosts("127.0.0.1 localhost", { "192.0.2.7": "a b" })).toBe(
      "127.0.0.1 localhost\n# begin k3s-board\n192.0.2.7 a b\n# end k3s-board\n",
    );
  });

  it("whose end somebody took away ends at an empty line", () => {
    const broken = "a\n# begin k3s-board\n192.0.2.7 x\n\n192.0.2.9 y\n";
    expect(editHosts(broken, {})).toBe("a\n\n192.0.2.9 y\n");
  });
});
