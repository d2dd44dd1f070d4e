import { setTimeout as sleep } from "node:timers/promises";

const shortestMilliseconds = 1000;
const longestMilliseconds = 15_000;
/** Looking takes at most a fifth of the time that is waited. */
const pausePerLook = 4;

/**
 * Milliseconds to wait until a board is looked at again: four times as long as the last look took, between 1 and 15 s. A look is a session
 * of sshd, a shell and systemctl, or a list of pods: a fifth of a second on a server; on a small board that starts k3s several seconds of
 * the processor that the start needs. (An emulated board whose looks took 4 s was looked at every 6 s, and started for 10 minutes.)
 */
export function pauseMilliseconds(lookMilliseconds: number): number {
  return Math.min(longestMilliseconds, Math.max(shortestMilliseconds, pausePerLook * lookMilliseconds));
}

/** Waits after a look that began at `began` (milliseconds, as of `Date.now`): see {@link pauseMilliseconds}. */
export function pauseAfterLook(began: number): Promise<void> {
  return sleep(pauseMilliseconds(Date.now() - began));
}
