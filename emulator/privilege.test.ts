import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { withRootDirectory } from "./privilege";

/** What becomes of each `rm`, in order; afterwards they remove. */
let removals: (() => Promise<object>)[];
vi.mock("../tools/command", async (original) => ({
  ...(await original<object>()),
  runCommand: (_program: string, args: readonly string[]) => {
    const removal = removals.shift();
    if (removal !== undefined) return removal();
    rmSync(args.at(-1) ?? "", { recursive: true, force: true });
    return Promise.resolve({});
  },
}));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "privilege-"));
  vi.stubEnv("K3S_BOARD_CACHE", root);
  removals = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const removed = () => Promise.resolve({});
const stuck = () => Promise.reject(new Error("rm failed"));

it("tells why the work failed, and not that what it left could not be removed", async () => {
  removals = [removed, stuck];
  await expect(withRootDirectory("a", () => Promise.reject(new Error("no space left")))).rejects.toThrow(
    "no space left",
  );
  expect(removals).toEqual([]);
});

it("gives what the work came to, once all is removed, and tells where that fails", async () => {
  await expect(withRootDirectory("a", () => Promise.resolve("made"))).resolves.toBe("made");
  removals = [removed, stuck];
  await expect(withRootDirectory("a", () => Promise.resolve("made"))).rejects.toThrow("rm failed");
});

it("removes what killed runs left under other names, and nothing of runs that live", async () => {
  const [killed = "", living = ""] = ["killed", "living"].map((name) => join(root, "unpacking", name));
  mkdirSync(killed, { recursive: true });
  await withRootDirectory("living", async () => {
    await withRootDirectory("a", () => Promise.resolve());
    expect([killed, living].map((path) => existsSync(path))).toEqual([false, true]);
  });
  mkdirSync(killed);
  removals = [stuck];
  // what cannot be removed stays, and hinders nobody
  await expect(withRootDirectory("a", () => Promise.resolve("made"))).resolves.toBe("made");
});
