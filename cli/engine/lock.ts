import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ExpectedError } from "../errors";
import { elapsed } from "../events/lines";
import { processAt, type ProcessAt } from "./processes";

/** What the engine writes into a lock file of its `file://` backend. */
const lockContent = z.object({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.coerce.date(),
});

/** Who took a lock, and when. */
export type LockOwner = z.output<typeof lockContent>;

/** Who we are, as the engine would write it down. */
export interface Self {
  readonly hostname: string;
  readonly username: string;
}

/** `foreign`: taken on another host or by another user, where we cannot see whether it lives. `orphan`: it lives, but its command does not. */
export type LockVerdict = "dead" | "alive" | "orphan" | "foreign";

/** Judges a lock. Pure: `there` is what runs now under the owner's process number. */
export function judgeLock(owner: LockOwner, self: Self, there: ProcessAt | undefined): LockVerdict {
  if (owner.hostname !== self.hostname || owner.username !== self.username) return "foreign";
  if (there === undefined) return "dead";
  // A process that began after the lock was taken only has the same number. Clocks of process table and lock differ by a tick.
  if (there.begun !== undefined && there.begun.getTime() > owner.timestamp.getTime() + 2000) return "dead";
  return there.orphan ? "orphan" : "alive";
}

/** Options of {@link clearDeadLocks}. */
export interface LockSurroundings {
  readonly say: (sentence: string) => void;
  readonly self?: Self;
  readonly lookUp?: (pid: number) => ProcessAt | undefined;
  /** Seconds to wait for an engine whose command was killed: it notices and ends by itself. Defaults to 120. */
  readonly orphanSeconds?: number;
}

function lockFiles(stateDirectory: string, project: string, stack: string): string[] {
  const directory = join(stateDirectory, ".pulumi/locks/organization", project, stack);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(directory, name));
}

function readLock(file: string): LockOwner | undefined {
  try {
    return lockContent.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Gone meanwhile, or half-written by a run that is just beginning: the engine itself will look at it.
    return undefined;
  }
}

/**
 * Removes the locks that dead runs of ours have left on a stack of a `file://` backend.
 *
 * @throws ExpectedError where a run that lives, or one that cannot be seen from here, holds a lock.
 */
export async function clearDeadLocks(
  stateDirectory: string,
  project: string,
  stack: string,
  surroundings: LockSurroundings,
): Promise<void> {
  const self = surroundings.self ?? { hostname: hostname(), username: userInfo().username };
  const lookUp = surroundings.lookUp ?? processAt;
  const patience = surroundings.orphanSeconds ?? 120;
  const deadline = Date.now() + patience * 1000;
  for (const file of lockFiles(stateDirectory, project, stack)) {
    let told = false;
    for (;;) {
      const owner = readLock(file);
      if (owner === undefined) break;
      const verdict = judgeLock(owner, self, lookUp(owner.pid));
      if (verdict === "dead") {
        rmSync(file, { force: true });
        rmSync(`${file}.attrs`, { force: true });
        surroundings.say(
          `removed the lock of a run that has died (process ${owner.pid}, begun ${owner.timestamp.toISOString()})`,
        );
        break;
      }
      if (verdict !== "orphan" || Date.now() >= deadline)
        throw new ExpectedError(lockedMessage(owner, verdict, stack, file));
      if (!told)
        surroundings.say(
          `waiting for process ${owner.pid}, the engine of a run that was killed, to end (at most ${patience} s)`,
        );
      told = true;
      await sleep(250);
    }
  }
}

/** The sentence about a lock that is not ours to remove. */
export function lockedMessage(
  owner: LockOwner,
  verdict: LockVerdict,
  stack: string,
  file: string,
  now = Date.now(),
): string {
  const age = elapsed(Math.max(0, (now - owner.timestamp.getTime()) / 1000));
  if (verdict === "foreign") {
    return (
      `stack ${stack} is locked by process ${owner.pid} of ${owner.username} on ${owner.hostname}, for ${age}. ` +
      `Whether it lives cannot be seen from here: let it finish, or, if it is gone, remove ${file}`
    );
  }
  return (
    `stack ${stack} is being changed by process ${owner.pid} on this machine, for ${age}. ` +
    "Let it finish, or end it by Ctrl-C in its terminal, and try again"
  );
}
