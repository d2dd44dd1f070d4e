import { terminalSignalsUs } from "./processes";

/** What a signal means for a run. */
export type SignalStep =
  /** The same Ctrl-C once more: npm forwards what the terminal has delivered already. */
  | "echo"
  /** Ask the engine to finish the running step and stop. */
  | "cancel"
  /** End at once. */
  | "kill";

const echoMilliseconds = 500;

/** Decides about a signal. Pure. `earlier`: time of the last signal that counted. */
export function judgeSignal(earlier: number | undefined, now: number): SignalStep {
  if (earlier === undefined) return "cancel";
  return now - earlier < echoMilliseconds ? "echo" : "kill";
}

/** How a run reacts to Ctrl-C, SIGTERM and SIGHUP. */
export interface Interruption {
  /** Aborts when the engine must be told; the Automation API then sends it SIGINT. */
  readonly signal: AbortSignal;
  /** Whether a signal came. */
  readonly interrupted: boolean;
  /** Gives the signals back. */
  dispose(): void;
}

/**
 * Listens for signals during a run: the first cancels in order, the second ends at once (whatever the board is doing then is settled
 * by the next run).
 *
 * @param say - gets a sentence for the user.
 */
export function listenForSignals(say: (sentence: string) => void): Interruption {
  const controller = new AbortController();
  let earlier: number | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    const now = Date.now();
    const step = judgeSignal(earlier, now);
    if (step === "echo") return;
    earlier = now;
    if (step === "kill") {
      say("ended at once; the next run settles what was being done");
      // On our exit the engine, our child, gets SIGTERM: its second signal, at which it ends too.
      process.exit(130);
    }
    say("cancelling: the step that runs is finished first; once more to end at once");
    // A Ctrl-C of the terminal has reached the engine already, and a second one would kill it.
    if (name !== "SIGINT" || !terminalSignalsUs()) controller.abort();
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get interrupted() {
      return earlier !== undefined;
    },
    dispose() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
