import { runOnBoard } from "../../emulator/ssh";
import type { EmulatedBoard } from "../../emulator/board";

/** Runs a command on the board over a connection of its own, as a person would who looks. Throws where it fails or takes longer than it may. */
export async function onBoard(board: EmulatedBoard, script: string, seconds = 120): Promise<string> {
  return (await runOnBoard(board, script, seconds, "looking at the board")).trim();
}
