import type { Board } from "../ssh/board";
import { originalDirectory } from "./originals";

/**
 * Whether we have written, or begun to write, one of these files: what was there before is recorded until it is put back, also where somebody has
 * removed the file since, or where our run ended between the record and the file.
 */
export async function isRecorded(board: Board, paths: readonly string[]): Promise<boolean> {
  const records = await Promise.all(paths.map((path) => board.file(originalDirectory(path), { contentLimit: 0 })));
  return records.some(({ kind }) => kind === "directory");
}
