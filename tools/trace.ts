import { appendFileSync } from "node:fs";

/** Something that a run did and that is counted. `K3S_BOARD_TRACE` records it, a JSON object a line. Purposes are sentences of ours and hold no secret. */
export interface Traced {
  /** The first four are SSH round trips; `push` is an image sent to a registry, `build` an image made here, `finding` something wrong on a board. */
  readonly kind: "connect" | "run" | "ask" | "forward" | "push" | "build" | "finding";
  readonly purpose: string;
  readonly milliseconds: number;
  /** Bytes sent and received. */
  readonly bytes: number;
  /** The board of a round trip or of a finding. */
  readonly board?: string;
  /** What is wrong, without secrets. */
  readonly finding?: object;
}

/** Appends to the file that the environment names; a file that cannot be written is no reason to fail. */
export function trace(traced: Traced): void {
  const file = process.env.K3S_BOARD_TRACE;
  if (!file) return;
  try {
    appendFileSync(file, `${JSON.stringify({ ...traced, process: process.pid })}\n`);
  } catch {
    // Only a measurement is lost.
  }
}
