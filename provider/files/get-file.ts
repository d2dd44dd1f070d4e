import { z } from "zod";
import type { Context } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs, type Connection } from "../ssh/connection-args";
import { absolutePath } from "./schema";

/** Longest file that is read, in bytes. */
const limit = 256 * 1024;

/** What a board has at a path. */
export interface BoardFile {
  /** Its text; absent where there is no file. */
  readonly content?: string;
}

/** `board:index:getFile`. */
export const getFileFunction = {
  token: "board:index:getFile",
  args: z.strictObject({ connection: connectionArgs, path: absolutePath }),
  async call(context: Context, { connection, path }: { connection: Connection; path: string }): Promise<BoardFile> {
    const board = await context.board(connection);
    const file = await board.file(path, { contentLimit: limit });
    if (file.kind === "absent") return {};
    if (file.kind !== "file")
      throw new BoardError("refused", board.label, `${path} is a ${file.kind}, where a file was expected`);
    if (file.content === undefined)
      throw new BoardError("refused", board.label, `${path} has ${file.size} bytes, more than ${limit}`);
    return { content: file.content.toString("utf8") };
  },
};
