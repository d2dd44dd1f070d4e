import { z } from "zod";
import type { Context } from "./resource";
import type { Board } from "./ssh/board";
import { BoardError } from "./ssh/board-error";
import { touchesIn } from "./touches";

/**
 * Variable with what a person was shown and has agreed to, as JSON: units and `board`, by URN. The command line sets it behind its question;
 * without it a run is held against what its own comparison told.
 */
export const agreedVariable = "K3S_BOARD_AGREED";

const agreedSchema = z.record(z.string(), z.array(z.string()));

/** By URN: units that start, restart or stop, and `board` for a reboot. */
export type Agreed = z.output<typeof agreedSchema>;

/** What notes say is interrupted: names of units, and `board` for a reboot. */
export function interruptionsIn(notes: readonly string[]): string[] {
  const { units, reboots } = touchesIn(notes);
  const named = units.flatMap((unit) => /^(\S+) (?:starts|restarts|stops)$/.exec(unit)?.[1] ?? []);
  return [...new Set(reboots ? [...named, "board"] : named)];
}

/** What a run has told that it will interrupt. What was not told does not happen: the board may have changed since. */
export class Announcements {
  readonly #agreed: Agreed | undefined;
  readonly #told = new Map<string, Set<string>>();

  /** @param agreed - the value of {@link agreedVariable}. */
  constructor(agreed: string | undefined) {
    this.#agreed = agreed === undefined ? undefined : agreedSchema.parse(JSON.parse(agreed));
  }

  /** Whether somebody was shown what will be interrupted, in an earlier run. */
  get isAgreed(): boolean {
    return this.#agreed !== undefined;
  }

  /** Takes the notes about a resource. */
  tell(urn: string, notes: readonly string[]): void {
    const told = this.#told.get(urn) ?? new Set();
    this.#told.set(urn, told);
    for (const name of interruptionsIn(notes)) told.add(name);
  }

  /** Whether the run may interrupt a unit, or the `board`, for a resource. */
  allows(urn: string, name: string): boolean {
    const agreed = this.#agreed === undefined || (this.#agreed[urn] ?? []).includes(name);
    return agreed && this.#told.get(urn)?.has(name) === true;
  }
}

/**
 * Ends the work on a resource before anything is touched where it would interrupt what the preview did not name.
 *
 * @param name - a unit with its ending, or `board`.
 * @param what - `k3s.service would restart`.
 * @throws BoardError that says why it would.
 */
export function requireTold(
  context: Context,
  board: Board,
  name: string,
  what: string,
  reasons: readonly string[],
): void {
  if (context.isTold(name)) return;
  throw new BoardError(
    "refused",
    board.label,
    `${what}, which the preview did not say: ${reasons.join(", ")}`,
    "Nothing was changed for it: the board is not as it was then. Look at a preview again",
  );
}
