import { describe, expect, it } from "vitest";
import type { ImageFile } from "./programs";
import { applyLayer } from "./verify-layout";

const content = Buffer.from("x");
function apply(...layers: ImageFile[][]): string[] {
  const tree = new Map<string, ImageFile>();
  for (const layer of layers) applyLayer(tree, layer);
  return [...tree.keys()].sort();
}

describe("applyLayer", () => {
  it("takes away what a whiteout names, with everything below", () => {
    const base = ["/a", "/d/x", "/d/y", "/de"].map((path) => ({ path, content }));
    expect(apply(base, [{ path: "/.wh.d", content }])).toEqual(["/a", "/de"]);
  });

  it("empties an opaque directory of what was below it, and keeps what its own layer brings", () => {
    const base = ["/d", "/d/x", "/d/y"].map((path) => ({ path, content }));
    expect(
      apply(base, [
        { path: "/d/new", content },
        { path: "/d/.wh..wh..opq", content },
      ]),
    ).toEqual(["/d", "/d/new"]);
  });
});
