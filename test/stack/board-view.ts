import { runOnBoard } from "../../emulator/ssh";
import type { EmulatedBoard } from "../../emulator/board";

/** Runs a command on the board over a connection of its own, as a person would who looks. Throws where it fails. */
export async function onBoard(board: EmulatedBoard, script: string): Promise<string> {
  return (await runOnBoard(board, script, 120, "looking at the board")).trim();
}
