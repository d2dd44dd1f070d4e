import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { sha256OfFile } from "./digest";

const directory = mkdtempSync(join(tmpdir(), "k3s-board-digest-"));
beforeAll(() => vi.stubEnv("K3S_BOARD_CACHE", join(directory, "cache")));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const checksums = () => readFileSync(join(directory, "cache/checksums"), "utf8");

it("remembers the checksum of a big file until the file changes, whatever its time of modification says", async () => {
  const file = join(directory, "big");
  const first = Buffer.alloc(9 * 1024 * 1024, 1);
  writeFileSync(file, first);
  expect(await sha256OfFile(file)).toBe(sum(first));
  expect(checksums).toThrow();
  await sleep(2100);
  expect(await sha256OfFile(file)).toBe(sum(first));
  const kept = checksums();
  expect(kept).toContain(sum(first));
  // what is remembered is what is answered
  writeFileSync(join(directory, "cache/checksums"), kept.replace(sum(first), "0".repeat(64)));
  expect(await sha256OfFile(file)).toBe("0".repeat(64));

  const second = Buffer.alloc(first.length, 2);
  writeFileSync(file, second);
  utimesSync(file, new Date(0), new Date(0));
  expect(await sha256OfFile(file)).toBe(sum(second));
});

it("reads a small file each time, and an unreadable list of checksums as none", async () => {
  const file = join(directory, "small");
  writeFileSync(file, "small");
  writeFileSync(join(directory, "cache/checksums"), "nonsense\n");
  expect(await sha256OfFile(file)).toBe(sum(Buffer.from("small")));
});
