/** What kind of trouble a {@link BoardError} is; callers decide by it whether the state of the board is known. */
export type Trouble =
  /** No connection could be made. */
  | "unreachable"
  /** The host key is not one of the pinned ones. */
  | "host-key"
  /** Login or sudo was refused. */
  | "authentication"
  /** The connection was there and broke; what the script had done by then is not known. */
  | "broken"
  /** The user ended the run; nothing more is tried. */
  | "cancelled"
  /** The time was over; what the script had done by then is not known. */
  | "timeout"
  /** The board answered, and the answer is a refusal: full disk, missing command, failed script. */
  | "refused";

/** An error about one board that a person can act on. `message` is one paragraph: what, where, what to do. Never holds a secret. */
export class BoardError extends Error {
  override readonly name = "BoardError";

  /**
   * @param trouble - the kind, for decisions in code.
   * @param board - `user@host:port`.
   * @param what - what happened, without a full stop.
   * @param remedy - what the reader can do, a sentence without a full stop. Left out where nothing useful is known.
   */
  constructor(
    readonly trouble: Trouble,
    board: string,
    what: string,
    remedy?: string,
  ) {
    super(`${board}: ${what}.${remedy ? ` ${remedy}.` : ""}`);
  }

  /** True where something may have been done on the board although no answer came back. */
  get outcomeUnknown(): boolean {
    return this.trouble === "broken" || this.trouble === "timeout" || this.trouble === "cancelled";
  }
}
