import { z } from "zod";
import { absolutePath } from "../files/schema";
import type { Context } from "../resource";
import { connectionArgs, type Connection } from "../ssh/connection-args";
import { parseProgramFacts, programFragment, type ProgramFacts } from "./program-facts";

const args = z.strictObject({ connection: connectionArgs, path: absolutePath, unit: z.string().min(1) });

/** `board:index:getProgram`. */
export const getProgramFunction = {
  token: "board:index:getProgram",
  args,
  async call(
    context: Context,
    { connection, path, unit }: { connection: Connection; path: string; unit: string },
  ): Promise<ProgramFacts> {
    const board = await context.board(connection);
    const { stdout } = await board.ask(`program ${path} of ${unit}`, programFragment(path, unit));
    return parseProgramFacts(stdout);
  },
};
