import { z } from "zod";
import type { Context } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { absolutePath } from "./schema";

/** Longest file that is read, in bytes. */
const limit = 256 * 1024;

/** What a board has at a path. */
export interface BoardFile {
  /** Its text; absent where there is no file, and for one that is too long. */
  readonly content?: string;
  /** Whether there is a file that is too long to be read. Only where that was asked for; else it is an error. */
  readonly isLong?: boolean;
}

const args = z.strictObject({
  connection: connectionArgs,
  path: absolutePath,
  /** Whether a file that is too long to be read is an answer, and no error. */
  mayBeLong: z.boolean().optional(),
});

/** `board:index:getFile`. */
export const getFileFunction = {
  token: "board:index:getFile",
  args,
  async call(context: Context, { connection, path, mayBeLong }: z.output<typeof args>): Promise<BoardFile> {
    const board = await context.board(connection);
    const file = await board.file(path, { contentLimit: limit });
    if (file.kind === "absent") return {};
    if (file.kind !== "file")
      throw new BoardError("refused", board.label, `${path} is a ${file.kind}, where a file was expected`);
    if (file.content === undefined && mayBeLong === true) return { isLong: true };
    if (file.content === undefined)
      throw new BoardError("refused", board.label, `${path} has ${file.size} bytes, more than ${limit}`);
    return { content: file.content.toString("utf8") };
  },
};
