import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileTree, type LayerEntry } from "./tree";

const file = (path: string): LayerEntry => ({ kind: "file", path });
const directory = (path: string): LayerEntry => ({ kind: "directory", path });
const symlink = (path: string, target: string): LayerEntry => ({ kind: "symlink", path, target });
const hardlink = (path: string, target: string): LayerEntry => ({ kind: "hardlink", path, target });

function treeOf(...layers: (readonly LayerEntry[])[]): FileTree {
  const tree = new FileTree();
  for (const [number, layer] of layers.entries()) {
    tree.beginLayer(`sha256:${number}`);
    for (const entry of layer) tree.add(entry);
  }
  return tree;
}

describe("FileTree", () => {
  it.each<[string, LayerEntry[][], string[]]>([
    [
      "a whiteout takes away what it names, with everything below",
      [["/a", "/d/x", "/d/y", "/de"].map(file), [file("/.wh.d")]],
      ["/a", "/de"],
    ],
    [
      "an opaque whiteout empties its directory and keeps what its own layer brings, before it or behind it",
      [["/d/x", "/d/y"].map(file), [file("/d/new"), file("/d/.wh..wh..opq"), file("/d/newer")]],
      ["/d", "/d/new", "/d/newer"],
    ],
    ["a whiteout does not hide what its own layer brings", [[file("/a")], [file("/a"), file("/.wh.a")]], ["/a"]],
    [
      "a hard link keeps the file whose first name is hidden",
      [[file("/d/x"), hardlink("/keep", "/d/x")], [file("/d/.wh..wh..opq")]],
      ["/d", "/keep"],
    ],
    [
      "an entry below a symlink lies where that leads",
      [[directory("/usr/lib"), symlink("/lib", "usr/lib")], [file("/lib/ld.so")]],
      ["/lib", "/usr", "/usr/lib", "/usr/lib/ld.so"],
    ],
    [
      "a whiteout below a symlink as well",
      [[file("/usr/lib/x"), symlink("/lib", "/usr/lib")], [file("/lib/.wh.x")]],
      ["/lib", "/usr", "/usr/lib"],
    ],
    ["a file in the place of a directory takes it away", [[file("/d/x")], [file("/d")]], ["/d"]],
    ["a directory in the place of a symlink takes that away", [[symlink("/d", "/e")], [directory("/d")]], ["/d"]],
    [
      "AUFS's bookkeeping is nothing",
      [[file("/.wh..wh.plnk/1"), file("/.wh..wh.aufs")]],
      ["/.wh..wh.plnk", "/.wh..wh.plnk/1"],
    ],
    [
      "nothing gets out of the image",
      [[file("/../../etc/x"), symlink("/up", "../../.."), file("/up/y")]],
      ["/etc", "/etc/x", "/up", "/y"],
    ],
  ])("%s", (_name, layers, paths) => expect(treeOf(...layers).paths()).toEqual(paths));

  it("names the layer that brought a file's bytes, for each of its names", () => {
    const tree = treeOf([file("/a"), hardlink("/b", "/a")], [file("/a")], [hardlink("/c", "/b")]);
    expect([...tree.files()].map(({ path, layer }) => `${path} ${layer}`).sort()).toEqual([
      "/a sha256:1",
      "/b sha256:0",
      "/c sha256:0",
    ]);
  });

  it("finds files through symlinks as a chroot would", () => {
    const tree = treeOf([
      file("/usr/lib/ld-2.so"),
      symlink("/lib", "usr/lib"),
      symlink("/usr/lib/ld.so", "/lib/ld-2.so"),
      symlink("/circle", "circle"),
      symlink("/up", "../../usr"),
    ]);
    expect(["/lib/ld.so", "/up/lib/ld.so", "/lib/../lib/ld.so"].map((path) => tree.hasFile(path))).toEqual([
      true,
      true,
      true,
    ]);
    expect(["/lib", "/circle", "/none", "/lib/ld.so/x"].map((path) => tree.hasFile(path))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it("refuses a hard link to nothing and a circle on the way", () => {
    expect(() => treeOf([hardlink("/a", "/b")])).toThrow("/a is a hard link to /b, and there is no such file");
    expect(() => treeOf([symlink("/a", "/a"), file("/a/b")])).toThrow(
      "/a/b lies below a symlink that leads in a circle",
    );
  });
});

/** Files and directories of a tree, and what a layer does to them, said as OCI's specification says it: whiteouts first, then entries. */
type Model = Map<string, "file" | "directory">;

function applyToModel(model: Model, layer: readonly LayerEntry[]): void {
  const below = (path: string) => [...model.keys()].filter((known) => known.startsWith(`${path === "/" ? "" : path}/`));
  const isWhiteout = ({ path }: LayerEntry) => posix.basename(path).startsWith(".wh.");
  for (const { path } of layer.filter(isWhiteout)) {
    const parent = posix.dirname(path);
    const opaque = posix.basename(path) === ".wh..wh..opq";
    const hidden = opaque ? parent : posix.join(parent, posix.basename(path).slice(4));
    for (const known of below(hidden)) model.delete(known);
    if (!opaque) model.delete(hidden);
  }
  for (const { path, kind } of layer.filter((entry) => !isWhiteout(entry))) {
    for (let parent = posix.dirname(path); parent !== "/"; parent = posix.dirname(parent))
      model.set(parent, "directory");
    if (kind === "file") for (const known of below(path)) model.delete(known);
    model.set(path, kind === "file" ? "file" : "directory");
  }
}

describe("FileTree as a law", () => {
  const name = fc.constantFrom("a", "b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
  const whiteout = fc.oneof(
    path.map((at) => file(posix.join(posix.dirname(at), `.wh.${posix.basename(at)}`))),
    fc.option(path, { nil: "/" }).map((at) => file(posix.join(at, ".wh..wh..opq"))),
  );
  // A layer has a path once, and nothing below its own files.
  const brought = fc
    .array(fc.oneof(path.map(file), path.map(directory)), { maxLength: 5 })
    .map((entries) =>
      entries.filter(
        (entry, index) =>
          !entries.slice(0, index).some((other) => other.path === entry.path) &&
          !entries.some((other) => other.kind === "file" && entry.path.startsWith(`${other.path}/`)),
      ),
    );
  const layer = fc
    .tuple(brought, fc.array(whiteout, { maxLength: 3 }))
    .chain(([entries, whiteouts]) =>
      fc.shuffledSubarray([...entries, ...whiteouts], { minLength: entries.length + whiteouts.length }),
    );

  it("is what the specification says, in whatever order a layer has its entries", () => {
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 4 }), (layers) => {
        const model: Model = new Map();
        for (const entries of layers) applyToModel(model, entries);
        const tree = treeOf(...layers);
        expect(tree.paths()).toEqual([...model.keys()].sort());
        expect([...tree.files()].map((found) => found.path).sort()).toEqual(
          [...model].flatMap(([known, kind]) => (kind === "file" ? [known] : [])).sort(),
        );
      }),
      { numRuns: 500 },
    );
  });
});
