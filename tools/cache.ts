import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { lock, type LockOptions } from "./lock";

/**
 * A directory of the program's cache. Its root is `K3S_BOARD_CACHE`, or `~/.cache/k3s-board`.
 *
 * @param segments - path below the root. The directory is created when missing, readable by its owner only.
 */
export function cacheDirectory(...segments: string[]): string {
  const root = process.env.K3S_BOARD_CACHE || join(homedir(), ".cache", "k3s-board");
  const directory = join(root, ...segments);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/**
 * Runs `work` while no other process, and no other call in this one, runs under the same name. A lock that a dead process left is taken over.
 *
 * @throws when the lock is not to be had within `timeoutSeconds`, with the process that holds it; otherwise what `work` throws.
 */
export async function withLock<T>(name: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await lock(lockDirectory(name), options);
  try {
    return await work();
  } finally {
    release();
  }
}

/** Where the lock of that name is kept. */
export function lockDirectory(name: string): string {
  return join(cacheDirectory("locks"), name.replace(/[^A-Za-z0-9._-]/g, "_"));
}

/** The lock that guards one entry of the cache. */
export function entryLock(kind: string, key: string): string {
  return `entry-${kind}-${key}`;
}

/** Names in a kind's directory that are not entries: work in progress, or what a killed run left of it. */
export function isUnfinished(name: string): boolean {
  return name.startsWith(".");
}

/**
 * A directory made once and kept: `<root>/<kind>/<key>`. It is built beside its place and renamed into it, so that it is there whole or not at
 * all; what a killed build left is removed by the next one. Two runs that want the same entry build it once. Using an entry makes it young
 * again for `prune`.
 *
 * @param key - everything that the content depends on, usually a digest; a file name.
 * @param build - fills the directory that it is given.
 * @returns the path of the finished directory. Treat it as read-only.
 * @throws what `build` throws; nothing is left behind then.
 */
export async function cached(
  kind: string,
  key: string,
  build: (directory: string) => Promise<void>,
  options: LockOptions = {},
): Promise<string> {
  const parent = cacheDirectory(kind);
  const entry = join(parent, key);
  if (await used(entry)) return entry;
  return withLock(
    entryLock(kind, key),
    async () => {
      if (await used(entry)) return entry;
      for (const name of await readdir(parent)) {
        if (name.startsWith(`.${key}.`)) await rm(join(parent, name), { recursive: true, force: true });
      }
      const unfinished = join(parent, `.${key}.${randomUUID()}`);
      await mkdir(unfinished, { mode: 0o700 });
      try {
        await build(unfinished);
        await rename(unfinished, entry);
      } catch (error) {
        await rm(unfinished, { recursive: true, force: true });
        throw error;
      }
      return entry;
    },
    options,
  );
}

/** The entry's path when it is there, without building it; counts as a use. */
export async function findCached(kind: string, key: string): Promise<string | undefined> {
  const entry = join(cacheDirectory(kind), key);
  return (await used(entry)) ? entry : undefined;
}

async function used(entry: string): Promise<boolean> {
  if (!existsSync(entry)) return false;
  const now = new Date();
  await utimes(entry, now, now).catch(() => undefined);
  return existsSync(entry);
}
