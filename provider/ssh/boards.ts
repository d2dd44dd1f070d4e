import type { Board } from "./board";
import { SshBoard } from "./connection";
import type { Connection } from "./connection-args";

/** The boards of this process: one connection each, shared by all resources. */
export class Boards {
  readonly #open = new Map<string, SshBoard>();

  /** The board behind a connection; opened at the first thing that is asked of it. */
  at(connection: Connection): Board {
    const key = JSON.stringify(connection);
    let board = this.#open.get(key);
    if (!board) this.#open.set(key, (board = new SshBoard(connection)));
    return board;
  }

  /** Ends all connections. */
  close(): void {
    for (const board of this.#open.values()) board.close();
    this.#open.clear();
  }
}
