import { appendFileSync } from "node:fs";

/** One round trip, as `K3S_BOARD_TRACE` records it: a JSON object a line. Purposes are sentences of ours and hold no secret. */
export interface RoundTrip {
  readonly board: string;
  readonly kind: "connect" | "run" | "ask" | "forward";
  readonly purpose: string;
  readonly milliseconds: number;
  /** Bytes sent and received. */
  readonly bytes: number;
}

/** Appends to the file that the environment names; a file that cannot be written is no reason to fail. */
export function trace(trip: RoundTrip): void {
  const file = process.env.K3S_BOARD_TRACE;
  if (!file) return;
  try {
    appendFileSync(file, `${JSON.stringify({ ...trip, process: process.pid })}\n`);
  } catch {
    // Only a measurement is lost.
  }
}
