import { mkdir, readdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cacheDirectory } from "../tools/cache";
import type { BenchRegistry } from "./bench-registry";
import { jobResult, type Job } from "./job";
import { measured, type Cost } from "./measure";

const root = resolve(__dirname, "..");

/** What a job came to, and its cost as a process of its own, and as work within a process that runs already, as in an `up` of many images. */
export interface OurRun {
  readonly alone: Cost;
  readonly within: Cost;
  readonly digest: string;
  readonly programs?: number;
}

/** Kinds of the cache that are empty for each run; everything else (Go's caches, what was compiled) is this user's. */
const fresh = new Set(["audits", "images", "locks", "uploads"]);

/** A cache that knows no image, but has the programs that images are made of. */
export async function freshCache(parent: string): Promise<string> {
  const directory = join(parent, "cache");
  await mkdir(directory);
  const users = cacheDirectory();
  for (const kind of await readdir(users)) {
    if (!fresh.has(kind)) await symlink(join(users, kind), join(directory, kind));
  }
  return directory;
}

/** Does a job in a process of its own, started as the commands of this project are. */
export async function runJob(
  job: Job,
  { directory, cache, registries }: { directory: string; cache: string; registries: readonly BenchRegistry[] },
): Promise<OurRun> {
  const command = [process.execPath, join(root, "cli/bootstrap.cjs"), "bench/worker.ts", JSON.stringify(job)];
  const { cost, output } = await measured(command, { directory, registries, env: { K3S_BOARD_CACHE: cache } });
  const { seconds, cpuSeconds, digest, programs } = jobResult.parse(JSON.parse(output));
  return {
    alone: cost,
    within: { ...cost, seconds, cpuSeconds },
    digest,
    ...(programs === undefined ? {} : { programs }),
  };
}
