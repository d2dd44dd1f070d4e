import { restartedHealth, type PodUid } from "../kubernetes/restarted-node";
import { pauseAfterLook } from "../pause";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { probeHttp } from "./http-probe";
import type { Health } from "./schema";
import { parseUnitState, unitStateFragment, type UnitState } from "./unit-state";

/** A service that was up for so long without a restart counts as active. */
const steadyMilliseconds = 3000;
/** Restarts by systemd itself after which a start has failed. One may be an accident, such as a port that the old process still held; a second is not. */
const restartsAllowed = 1;
const reportMilliseconds = 15_000;

/** How a wait for health ended. */
export interface Verdict {
  readonly healthy: boolean;
  /** What was the case at the end: "activating (start); node dev: NotReady (…)". */
  readonly detail: string;
  /** Seconds that it took, fewer than there were where the service gave up. */
  readonly seconds: number;
}

/** What is waited for. */
export interface Expectation {
  readonly name: string;
  readonly health: Health;
  /** Invocation that ran before the restart and does not count; empty where none did. */
  readonly previousInvocation: string;
  /** Pods of the node that were Ready before the restart, and have to be again. */
  readonly podsBefore: readonly PodUid[];
  readonly timeoutSeconds: number;
}

/** True where waiting longer is of no use. */
export function hasGivenUp(state: UnitState, previousInvocation: string): boolean {
  // Between stop and start of a restart the old invocation may still be seen in whatever state it ended.
  if (state.invocation === previousInvocation) return false;
  return state.active === "failed" || state.restarts > restartsAllowed;
}

/** A unit's state in a few words, with how the program ended where it did. */
export function describeUnit(state: Pick<UnitState, "active" | "sub" | "result" | "exitStatus" | "restarts">): string {
  const ended =
    state.result !== "success" && state.result !== ""
      ? `, ${state.result}${state.exitStatus ? ` ${state.exitStatus}` : ""}`
      : "";
  const restarts = state.restarts > 0 ? `, restarted ${state.restarts} times` : "";
  return `${state.active} (${state.sub}${ended}${restarts})`;
}

/**
 * Waits until a service is healthy, in short looks over the same connection, each bounded. A connection that breaks is opened again: a board
 * that starts k3s is busy. Returns early where the service has given up.
 *
 * @param report - called about every 15 s with what is the case.
 */
export async function waitForHealth(
  board: Board,
  expected: Expectation,
  report: (detail: string, elapsedSeconds: number) => void,
): Promise<Verdict> {
  const started = Date.now();
  const verdict = (healthy: boolean): Verdict => {
    const seconds = Math.round((Date.now() - started) / 1000);
    return { healthy, detail, seconds: Math.min(seconds, expected.timeoutSeconds) };
  };
  let steadySince: { invocation: string; at: number } | undefined;
  let reported = started;
  let detail = "nothing was heard of it";
  for (let began = started; Date.now() - started < expected.timeoutSeconds * 1000;) {
    await pauseAfterLook(began);
    began = Date.now();
    const state = await lookAt(board, expected.name);
    if (!state) detail = "the board does not answer";
    else {
      detail = describeUnit(state);
      if (hasGivenUp(state, expected.previousInvocation)) return verdict(false);
      const up = state.active === "active" && state.invocation !== expected.previousInvocation;
      if (!up) steadySince = undefined;
      else if (steadySince?.invocation !== state.invocation)
        steadySince = { invocation: state.invocation, at: Date.now() };
      if (up && steadySince) {
        const probe = await probeHealth(board, expected, state);
        if (probe.detail) detail = `${detail}; ${probe.detail}`;
        if (probe.ready && Date.now() - steadySince.at >= steadyMilliseconds) return verdict(true);
      }
    }
    if (Date.now() - reported >= reportMilliseconds) {
      reported = Date.now();
      report(detail, Math.round((reported - started) / 1000));
    }
  }
  return verdict(false);
}

/** The state of a unit; `undefined` where the connection broke. */
async function lookAt(board: Board, name: string): Promise<UnitState | undefined> {
  try {
    const { stdout } = await board.run(unitStateFragment(name), {
      purpose: `looking at ${name}.service`,
      timeoutSeconds: 30,
    });
    return parseUnitState(stdout);
  } catch (error) {
    if (error instanceof BoardError && ["broken", "timeout", "unreachable"].includes(error.trouble)) return undefined;
    throw error;
  }
}

async function probeHealth(
  board: Board,
  { health, podsBefore }: Expectation,
  { startedAt }: UnitState,
): Promise<{ ready: boolean; detail: string }> {
  switch (health.kind) {
    case "active":
      return { ready: true, detail: "" };
    case "http":
      return probeHttp(board, health.url, health.ca);
    case "kubernetes":
      return restartedHealth(board, health.kubeconfig, { ...health, startedAt, pods: podsBefore });
  }
}
