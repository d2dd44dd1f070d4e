import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { stateDirectory } from "../ssh/file-questions";
import { lastLines } from "./write";

/**
 * Records, once, which paths are not there: they are to go with the stack. The first answer is kept, as an interrupted run may have made
 * some of them, and a destroy may have kept them.
 *
 * @param record - the record's path, in our directory on the board.
 * @param script - shell that prints the absent paths, a line each.
 * @returns these paths.
 */
export async function recordAbsent(board: Board, record: string, script: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await board.run(
    `set -e
if [ ! -e ${record} ]; then
  umask 077; mkdir -p ${stateDirectory}
  { ${script}
  } > ${record}.new
  sync ${record}.new; mv ${record}.new ${record}
fi
cat ${record}`,
    { purpose: "seeing what is there before Kubernetes" },
  );
  if (code !== 0)
    throw new BoardError("refused", board.label, `what is there before Kubernetes was not seen: ${lastLines(stderr)}`);
  return linesOf(stdout);
}

/** The paths of a record; `undefined` where there is none. */
export async function readAbsent(board: Board, record: string): Promise<readonly string[] | undefined> {
  const there = await board.file(record);
  return there.kind === "file" ? linesOf(there.content?.toString("utf8") ?? "") : undefined;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
