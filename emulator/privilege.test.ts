import { expect, it, vi } from "vitest";
import { withRootDirectory } from "./privilege";

/** What becomes of each `rm`, in order. */
let removals: (() => Promise<object>)[];
vi.mock("../tools/command", async (original) => ({
  ...(await original<object>()),
  runCommand: () => removals.shift()?.(),
}));
vi.mock("node:fs/promises", async (original) => ({ ...(await original<object>()), mkdir: () => Promise.resolve() }));

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
  removals = [removed, removed, removed, stuck];
  await expect(withRootDirectory("a", () => Promise.resolve("made"))).resolves.toBe("made");
  await expect(withRootDirectory("a", () => Promise.resolve("made"))).rejects.toThrow("rm failed");
});
