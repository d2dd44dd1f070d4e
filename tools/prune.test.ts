import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cached, cacheDirectory, entryLock, lockDirectory, withLock } from "./cache";
import { goLock } from "./go-toolchain";
import { tryLock } from "./lock";
import { ownKinds, prune } from "./prune";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "prune-"));
  process.env.K3S_BOARD_CACHE = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

const day = 24 * 3600 * 1000;
/** An entry of 100 kB that was last used so many days ago. */
async function entry(key: string, days: number): Promise<void> {
  const path = await cached("thing", key, (directory) => {
    writeFileSync(join(directory, "file"), Buffer.alloc(100_000));
    return Promise.resolve();
  });
  const then = new Date(Date.now() - days * day);
  await utimes(path, then, then);
}
const limits = { kind: 250_000, goBuild: 1e12, goModules: 1e12 };
const pruneThings = () => prune({ now: true, limits, kinds: ["thing"] });
const entries = () => readdirSync(cacheDirectory("thing")).sort();

describe("prune", () => {
  it("keeps the youngest up to the limit", async () => {
    for (const [key, days] of [
      ["a", 4],
      ["b", 1],
      ["c", 3],
      ["d", 2],
    ] as const)
      await entry(key, days);
    await pruneThings();
    expect(entries()).toEqual(["b", "d"]);
  });

  it("keeps what was used just now, and what somebody holds", async () => {
    for (const key of ["a", "b", "c"]) await entry(key, 0);
    await entry("held", 9);
    const release = tryLock(lockDirectory(entryLock("thing", "held")));
    await pruneThings();
    expect(entries()).toEqual(["a", "b", "c", "held"]);
    if (typeof release === "function") release();
    await pruneThings();
    expect(entries()).toEqual(["a", "b", "c"]);
  });

  it("clears away what killed runs left a day ago", async () => {
    const old = join(cacheDirectory("thing"), ".x.1");
    await mkdir(old);
    await mkdir(join(cacheDirectory("thing"), ".y.1"));
    await utimes(old, new Date(0), new Date(0));
    await pruneThings();
    expect(entries()).toEqual([".y.1"]);
  });

  it("removes what killed runs unpacked after a day, and notes about plans after a season", async () => {
    const made = async (kind: string, name: string, days: number) => {
      const path = join(cacheDirectory(kind), name);
      await mkdir(path);
      writeFileSync(join(path, "file"), "x");
      const then = new Date(Date.now() - days * day);
      await utimes(path, then, then);
      return path;
    };
    const kept = [await made("docker", "save-1", 0), await made("unpacked", "archive-1", 0.5)];
    kept.push(await made("shown-plans", "stack", 89));
    const old = [await made("shown-plans", "gone", 91), await made("docker", "save-2", 2)];
    old.push(await made("unpacked", "archive-2", 2));
    expect((await pruneThings()).sort()).toEqual(old.sort());
    expect(kept.every((path) => existsSync(path))).toBe(true);
  });

  it("empties Go's build cache beyond its limit, but not while a build runs", async () => {
    const file = join(cacheDirectory("go", "build", "00"), "0".repeat(64) + "-d");
    writeFileSync(file, Buffer.alloc(100_000));
    const small = { now: true, kinds: [], limits: { ...limits, goBuild: 50_000 } };
    await withLock(goLock, () => prune(small));
    expect(existsSync(file)).toBe(true);
    await prune(small);
    expect(existsSync(file)).toBe(false);
  });

  it("knows every kind of entry that is made", () => {
    const root = resolve(__dirname, "..");
    const sources = ["cli", "components", "doctor", "emulator", "provider", "stacks", "tools"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
        .map((name) => readFileSync(join(root, folder, name), "utf8")),
    );
    const made = sources.flatMap((text) => [...text.matchAll(/\bcached\(\s*"([^"]+)"/g)].map(([, kind]) => kind));
    expect(made).toContain("k3s");
    expect(made.filter((kind) => kind === undefined || !ownKinds.includes(kind))).toEqual([]);
  });

  it("fails no run where it cannot do its work", async () => {
    await entry("a", 9);
    // something is in the place that the entry would be moved to
    await mkdir(join(cacheDirectory("thing"), ".a.removed", "x"), { recursive: true });
    expect(await prune({ now: true, limits: { ...limits, kind: 0 }, kinds: ["thing"] })).toEqual([]);
  });

  it("does its work once a day", async () => {
    await pruneThings();
    for (const key of ["a", "b", "c", "d"]) await entry(key, 5);
    expect(await prune({ limits, kinds: ["thing"] })).toEqual([]);
    expect(entries()).toHaveLength(4);
  });
});
