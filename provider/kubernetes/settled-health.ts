import { pauseAfterLook } from "../pause";
import type { Health } from "./health";

/**
 * Seconds in which a cluster that is not ready may become so: a pod is ready again with the first probe that it passes, a node with its next report.
 * A minute, or more on a board that is known to be slow by the time that its cluster is given to become ready.
 */
export function settleSeconds(readyTimeoutSeconds: number): number {
  return Math.max(60, Math.round(readyTimeoutSeconds / 15));
}

/**
 * The health of a cluster that was ready: on a slow board a pod misses a probe and a node its report, which is no difference that an `up` would
 * mend. Looks again for a while, unless the API server does not answer twice in a row: nothing settles by itself there, and one request may be missed.
 *
 * @param report - called once, where there is something to wait for.
 * @param seconds - for how long; see {@link settleSeconds}.
 */
export async function settledHealth(
  look: () => Promise<Health>,
  report: (detail: string, seconds: number) => void,
  seconds: number,
): Promise<Health> {
  const started = Date.now();
  let [wasSilent, isTold] = [false, false];
  for (;;) {
    const began = Date.now();
    const health = await look();
    const isSilent = health.silent === true;
    if (health.ready || (isSilent && wasSilent) || Date.now() - started >= seconds * 1000) return health;
    wasSilent = isSilent;
    if (!isSilent && !isTold) {
      isTold = true;
      report(health.detail.split("\n").join("; "), seconds);
    }
    await pauseAfterLook(began);
  }
}
