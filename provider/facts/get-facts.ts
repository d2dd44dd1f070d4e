import { z } from "zod";
import type { Context } from "../resource";
import type { Board, ScriptResult } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs, type Connection } from "../ssh/connection-args";
import { lastLines } from "../files/write";
import { factsFragment, parseFacts, type Facts } from "./facts";

/** An answer that nobody has asked for yet is used within so many milliseconds. */
const foreseenMilliseconds = 60_000;
const foreseen = new WeakMap<Board, { readonly asked: number; readonly answer: Promise<ScriptResult> }>();

/**
 * Asks for the facts along with the first reads of a refresh: the program, which runs next, will want them, and a round trip to a slow
 * board takes most of a second. What is asked for once is used once.
 */
export function foreseeFacts(board: Board): void {
  if (foreseen.has(board)) return;
  const answer = board.ask("facts", factsFragment);
  // whoever reads at the same time meets the same error and tells it
  answer.catch(() => undefined);
  foreseen.set(board, { asked: Date.now(), answer });
}

/** `board:index:getFacts`. */
export const getFactsFunction = {
  token: "board:index:getFacts",
  args: z.strictObject({ connection: connectionArgs }),
  async call(context: Context, { connection }: { connection: Connection }): Promise<Facts> {
    const board = await context.board(connection);
    const known = foreseen.get(board);
    foreseen.delete(board);
    const fresh = known !== undefined && Date.now() - known.asked < foreseenMilliseconds;
    const { stdout, stderr } = await (fresh ? known.answer : board.ask("facts", factsFragment));
    const facts = parseFacts(stdout);
    if (facts.machine === "")
      throw new BoardError("refused", board.label, `the board does not tell what it is: ${lastLines(stderr)}`);
    return facts;
  },
};
