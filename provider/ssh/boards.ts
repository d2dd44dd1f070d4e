import type { Board } from "./board";
import { SshBoard } from "./connection";
import type { Connection } from "./connection-args";

/** The boards of this process: one connection each, shared by all resources. */
export class Boards {
  readonly #open = new Map<string, SshBoard>();

  /** The board behind a connection; opened at the first thing that is asked of it. */
  at(connection: Connection): Board {
    const key = identity(connection);
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

/** The same text for the same connection, in whatever order its members arrive: the engine sorts them, a program does not. */
function identity(connection: Connection): string {
  const { jump, ...own } = connection;
  const members = Object.entries(own)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([members, jump === undefined ? null : identity(jump)]);
}
