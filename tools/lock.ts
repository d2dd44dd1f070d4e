import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The process that holds a lock. The start time tells it from a later process with the same number, the boot from an earlier one. */
interface Owner {
  readonly pid: number;
  readonly started: string;
  readonly released?: true;
}

/** Options of {@link lock}. */
export interface LockOptions {
  /** Called once when somebody else holds the lock, with the number of that process. */
  readonly onWait?: (pid: number) => void;
  /** Seconds after which waiting is given up with an error that names the holder. Defaults to 7200. */
  readonly timeoutSeconds?: number;
}

const pollMilliseconds = 150;

/**
 * Takes a lock that excludes other processes and other calls in this one. A lock whose holder has died is taken over.
 *
 * The lock is a directory of numbered files, and the owner named in the highest one holds it. Whoever sees a dead or released owner in file n
 * tries to link file n+1, which only one can. Since the highest file is never removed, a slow contender cannot delete a lock that someone else
 * has taken meanwhile, which is what goes wrong with "unlink the stale lock file, then create mine".
 *
 * @param directory - where the lock's files are kept; created when missing.
 * @returns a function that gives the lock back.
 * @throws when `timeoutSeconds` have passed.
 */
export async function lock(directory: string, options: LockOptions = {}): Promise<() => void> {
  const deadline = Date.now() + (options.timeoutSeconds ?? 7200) * 1000;
  let told = false;
  for (;;) {
    const result = tryLock(directory);
    if (typeof result === "function") return result;
    if (!told && result.heldBy !== 0) {
      told = true;
      options.onWait?.(result.heldBy);
    }
    if (Date.now() > deadline) {
      throw new Error(
        `gave up waiting for the lock ${directory}: process ${result.heldBy} holds it; let it finish, or end it, and try again`,
      );
    }
    await sleep(pollMilliseconds);
  }
}

/** Like {@link lock}, without waiting: the function that gives the lock back, or the process that holds it (0: it was lost in a race). */
export function tryLock(directory: string): (() => void) | { heldBy: number } {
  mkdirSync(directory, { recursive: true });
  const highest = highestFile(directory);
  const owner = highest === 0 ? undefined : readOwner(join(directory, String(highest)));
  if (owner && !owner.released && startTime(owner.pid) === owner.started) return { heldBy: owner.pid };

  const mine: Owner = { pid: process.pid, started: startTime(process.pid) ?? "" };
  const number = highest + 1;
  const file = join(directory, String(number));
  const staged = stage(directory, mine);
  try {
    linkSync(staged, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { heldBy: readOwner(file)?.pid ?? 0 };
  } finally {
    rmSync(staged, { force: true });
  }
  if (highestFile(directory) !== number) {
    // Others went past this number while we were between reading and linking, and cleaned it away.
    rmSync(file, { force: true });
    return { heldBy: 0 };
  }
  for (const name of readdirSync(directory)) {
    if (Number(name) < number) rmSync(join(directory, name), { force: true });
  }
  return () => renameSync(stage(directory, { ...mine, released: true }), file);
}

function stage(directory: string, owner: Owner): string {
  const path = join(directory, `.${process.pid}-${randomUUID()}`);
  writeFileSync(path, JSON.stringify(owner));
  return path;
}

function highestFile(directory: string): number {
  return Math.max(0, ...readdirSync(directory).map(Number).filter(Number.isInteger));
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

/** When a process was started, in a form that only compares; `undefined` when there is no such process. */
export function startTime(pid: number): string | undefined {
  if (process.platform !== "linux") {
    try {
      process.kill(pid, 0);
      return "running";
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM" ? "running" : undefined;
    }
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name in field 2 may hold spaces and brackets: count behind its closing one. Field 3 is the state, field 22 the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${bootId()}/${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
