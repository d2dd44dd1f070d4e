import { lstat, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, entryLock, isUnfinished, lockDirectory } from "./cache";
import { runCommand } from "./command";
import { ensureGo, goEnvironment, goLock } from "./go-toolchain";
import { tryLock } from "./lock";
import { silentProgress } from "./progress";

const gigabyte = 1e9;

/** What the cache may hold, in bytes. Everything of ours for one architecture is about 12 GB, both Go caches included. */
export const cacheLimits = {
  /** Each kind of entry made by `cached`; the longest unused go first. */
  kind: 6 * gigabyte,
  /** Go's build cache. Two architectures of everything that we build are about 18 GB. Go cannot drop a part of it, so all goes. */
  goBuild: 24 * gigabyte,
  /** Go's module cache, likewise. */
  goModules: 16 * gigabyte,
} as const;

/** Entries used so recently stay, whatever the limit: another run may be reading them. */
const recentMilliseconds = 2 * 3600 * 1000;
/** Between two prunings; the size of the Go caches takes seconds to find out. */
const intervalMilliseconds = 24 * 3600 * 1000;

/** Options of {@link prune}. */
export interface PruneOptions {
  /** Prune even if it was done within the last day. Defaults to false. */
  readonly now?: boolean;
  /** Defaults to {@link cacheLimits}. */
  readonly limits?: { readonly kind: number; readonly goBuild: number; readonly goModules: number };
  /** Kinds of entries to look at. Defaults to those that the tools make. */
  readonly kinds?: readonly string[];
}

/** What `cached` is called with. */
export const ownKinds: readonly string[] = [
  "releases",
  "go-builds",
  "go-modules",
  "c-builds",
  "launchers",
  "images",
  "image-archives",
  "compressed-archives",
  "fetched-images",
  "fetched-blobs",
  "debian",
  "board-images",
  "k3s",
  "k3s-image-names",
  "kubernetes-programs",
  "cri-dockerd",
  "audits",
  "upstream-answers",
  "debian-packages",
];

/**
 * What is not made by `cached`, and kept for so many days since it was last written. Unfinished uploads (`uploads`) are looked after by those
 * who write them.
 */
const agedKinds = {
  /** What previews showed of images, one note a stack; without it, the next preview shows it again. */
  "shown-plans": 90,
  /** Archives out of the Docker engine, and compressed ones unpacked, which only a killed run leaves. */
  docker: 1,
  unpacked: 1,
} as const;

/**
 * Keeps the cache within {@link cacheLimits}, at most once a day. Never removes what a run holds a lock on or has used in the last two hours,
 * never waits, and never fails a run: what cannot be removed stays.
 *
 * @returns the paths that were removed.
 */
export async function prune(options: PruneOptions = {}): Promise<string[]> {
  const stamp = join(cacheDirectory(), "pruned");
  if (!options.now && (await ageOf(stamp)) < intervalMilliseconds) return [];
  const limits = options.limits ?? cacheLimits;
  const removed: string[] = [];
  try {
    await writeFile(stamp, "");
    for (const kind of options.kinds ?? ownKinds) removed.push(...(await pruneKind(kind, limits.kind)));
    for (const [kind, days] of Object.entries(agedKinds)) removed.push(...(await pruneAged(kind, days)));
    removed.push(...(await pruneGoCaches(limits)));
  } catch {
    // a full disk, or somebody who clears the cache away meanwhile: the next pruning sees to the rest
  }
  return removed;
}

async function pruneKind(kind: string, limit: number): Promise<string[]> {
  const parent = cacheDirectory(kind);
  const removed: string[] = [];
  const entries: { name: string; age: number; size: number }[] = [];
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const age = await ageOf(path);
    if (isUnfinished(name)) {
      // No build takes a day: its process is gone.
      if (age > intervalMilliseconds) removed.push(...(await removeDirectory(path)));
    } else {
      entries.push({ name, age, size: await sizeOf(path) });
    }
  }
  entries.sort((a, b) => a.age - b.age);
  let total = 0;
  for (const { name, age, size } of entries) {
    total += size;
    if (total <= limit || age < recentMilliseconds) continue;
    const release = tryLock(lockDirectory(entryLock(kind, name)));
    if (typeof release !== "function") continue;
    try {
      const path = join(parent, name);
      const doomed = join(parent, `.${name}.removed`);
      await rename(path, doomed);
      await removeDirectory(doomed);
      removed.push(path);
    } finally {
      release();
    }
  }
  return removed;
}

async function pruneAged(kind: string, days: number): Promise<string[]> {
  const parent = cacheDirectory(kind);
  const removed: string[] = [];
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if ((await ageOf(path)) > days * 24 * 3600 * 1000) removed.push(...(await removeDirectory(path)));
  }
  return removed;
}

async function pruneGoCaches(limits: { goBuild: number; goModules: number }): Promise<string[]> {
  const release = tryLock(lockDirectory(goLock));
  if (typeof release !== "function") return [];
  try {
    const removed: string[] = [];
    const caches = [
      { directory: cacheDirectory("go", "build"), limit: limits.goBuild, flag: "-cache" },
      { directory: cacheDirectory("go", "mod"), limit: limits.goModules, flag: "-modcache" },
    ];
    for (const { directory, limit, flag } of caches) {
      if ((await sizeOf(directory, limit)) <= limit) continue;
      const go = await ensureGo(silentProgress);
      await runCommand(go, ["clean", flag], { env: goEnvironment(), timeoutSeconds: 600 });
      removed.push(directory);
    }
    return removed;
  } catch {
    return [];
  } finally {
    release();
  }
}

async function removeDirectory(path: string): Promise<string[]> {
  try {
    await rm(path, { recursive: true, force: true });
    return [path];
  } catch {
    return [];
  }
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return Infinity;
  }
}

/** Bytes that a tree takes on disk; stops counting beyond `enough`. */
async function sizeOf(path: string, enough = Infinity): Promise<number> {
  const entry = await lstat(path).catch(() => undefined);
  if (!entry) return 0;
  let total = entry.blocks * 512;
  if (!entry.isDirectory()) return total;
  for (const name of await readdir(path).catch(() => [])) {
    if (total > enough) break;
    total += await sizeOf(join(path, name), enough);
  }
  return total;
}
