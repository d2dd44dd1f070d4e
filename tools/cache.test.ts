import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cached, cacheDirectory, findCached, withLock } from "./cache";

let root: string;
const before = process.env.K3S_BOARD_CACHE;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cache-"));
  process.env.K3S_BOARD_CACHE = root;
});
afterEach(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

const write = (text: string) => (directory: string) => {
  writeFileSync(join(directory, "file"), text);
  return Promise.resolve();
};

describe("cached", () => {
  it("builds once and makes the entry young when it is used", async () => {
    const entry = await cached("thing", "a", write("first"));
    await utimes(entry, new Date(0), new Date(0));
    expect(await cached("thing", "a", write("second"))).toBe(entry);
    expect(readFileSync(join(entry, "file"), "utf8")).toBe("first");
    expect(Date.now() - statSync(entry).mtimeMs).toBeLessThan(60_000);
    expect(await findCached("thing", "b")).toBeUndefined();
  });

  it("leaves nothing of a build that throws", async () => {
    await expect(cached("thing", "a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(readdirSync(cacheDirectory("thing"))).toEqual([]);
  });

  it("builds once for two calls at a time", async () => {
    let builds = 0;
    const build = async (directory: string) => {
      builds++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      writeFileSync(join(directory, "file"), "x");
    };
    await Promise.all([cached("thing", "a", build), cached("thing", "a", build)]);
    expect(builds).toBe(1);
  });

  it("never shows what a killed build had begun, and clears it away", async () => {
    const script = join(root, "child.ts");
    writeFileSync(
      script,
      `import { cached } from ${JSON.stringify(join(__dirname, "cache"))};
       import { writeFileSync } from "node:fs";
       void cached("thing", "a", async (directory) => {
         writeFileSync(directory + "/file", "half");
         process.send?.("begun");
         await new Promise((resolve) => setTimeout(resolve, 60_000));
       });`,
    );
    const child = fork(script, { execArgv: ["--import", "tsx"] });
    await new Promise((resolve) => child.once("message", resolve));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(existsSync(join(root, "thing", "a"))).toBe(false);
    expect(await findCached("thing", "a")).toBeUndefined();
    const entry = await cached("thing", "a", write("whole"));
    expect(readFileSync(join(entry, "file"), "utf8")).toBe("whole");
    expect(readdirSync(cacheDirectory("thing"))).toEqual(["a"]);
  }, 30_000);
});

describe("withLock", () => {
  it("is free again after a throw", async () => {
    await expect(withLock("x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock("x", () => Promise.resolve(1), { timeoutSeconds: 1 })).toBe(1);
  });
});
