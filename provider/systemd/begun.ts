import { isRecorded } from "../files/recorded";
import type { Board } from "../ssh/board";
import { recordDirectory, type UnitState } from "./unit-state";

/**
 * Whether a change of ours of this service has left anything on the board: a record of one of its paths, a transaction, what is remembered of the
 * service. Without all of these a unit that is there is somebody else's.
 *
 * @param paths - its files, and its program.
 */
export async function isBegun(
  board: Board,
  name: string,
  { unsettled, unfinished, cordoned, triggers, wasUp }: UnitState,
  paths: readonly string[],
): Promise<boolean> {
  if (unsettled || unfinished || cordoned || triggers !== "" || wasUp !== undefined) return true;
  const [recorded, remembered] = await Promise.all([
    isRecorded(board, paths),
    board.file(recordDirectory(name), { contentLimit: 0 }),
  ]);
  return recorded || remembered.kind === "directory";
}
