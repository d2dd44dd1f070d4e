import { clockRate } from "../../emulator/clock-rate";
import { runOnBoard } from "../../emulator/ssh";
import type { EmulatedBoard } from "../../emulator/board";

/** Runs a command on the board over a connection of its own, as a person would who looks. It has 120 of the board's seconds. Throws where it fails. */
export async function onBoard(board: EmulatedBoard, script: string): Promise<string> {
  return (await runOnBoard(board, script, 120 / clockRate(), "looking at the board")).trim();
}
