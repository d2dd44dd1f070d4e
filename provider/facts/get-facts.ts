import { z } from "zod";
import type { Context } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs, type Connection } from "../ssh/connection-args";
import { lastLines } from "../files/write";
import { factsFragment, parseFacts, type Facts } from "./facts";

/** `board:index:getFacts`. */
export const getFactsFunction = {
  token: "board:index:getFacts",
  args: z.strictObject({ connection: connectionArgs }),
  async call(context: Context, { connection }: { connection: Connection }): Promise<Facts> {
    const board = await context.board(connection);
    const { stdout, stderr } = await board.ask("facts", factsFragment);
    const facts = parseFacts(stdout);
    if (facts.machine === "")
      throw new BoardError("refused", board.label, `the board does not tell what it is: ${lastLines(stderr)}`);
    return facts;
  },
};
