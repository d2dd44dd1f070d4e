import { temporaryOf } from "../files/originals";
import { setAttributes } from "../files/write";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import { absentMode, type Changes } from "./changes";
import { refuseStaged, stageProgram, wantedProgram } from "./program";
import { planDatastore, type DatastoreChange } from "./program-datastore";
import type { ProgramChange } from "./program-script";
import { flagProblem } from "./program-flags";
import { planSnapshot, saveSnapshot } from "./program-snapshot";
import type { ServiceInputs, ServiceState } from "./schema";

/** What a service is to be, what is there, and what the last run had made of it. */
export interface ServiceChange {
  readonly wanted: ServiceInputs;
  readonly there: ServiceState;
  readonly old: ServiceState | undefined;
}

/** What a transaction does with the program, and with the datastore before. */
export interface PreparedProgram {
  readonly program?: ProgramChange;
  readonly datastore?: DatastoreChange;
}

/**
 * Gets the program ready for the transaction: staged and tried where another one is there, with what becomes of its datastore, and with a snapshot
 * saved where that is not copied.
 */
export async function prepareProgram(
  context: Context,
  board: Board,
  { wanted, there, old }: ServiceChange,
  change: Changes["program"],
): Promise<PreparedProgram> {
  const { program } = wanted;
  if (program === undefined) return {};
  const goal = await wantedProgram(program);
  const swap = change === "content";
  const ready = { path: program.path, sha256: goal.sha256, version: program.version ?? "", swap };
  if (change === "attributes") await setAttributes(board, goal);
  if (!swap) return { program: ready };
  const before = await stageProgram(board, program, goal);
  const unlisted = await flagProblem(board, wanted.flags, temporaryOf(program.path));
  if (unlisted !== undefined) return refuseStaged(board, program, unlisted);
  if (there.program === undefined || there.program.mode === absentMode) return { program: ready };
  const datastore = planDatastore(wanted, before, there.datastore);
  if (typeof datastore === "string") return refuseStaged(board, program, datastore);
  const snapshot = planSnapshot(program, before, there, old);
  if (snapshot !== undefined)
    await saveSnapshot(context, board, { name: wanted.name, running: there.running, program }, snapshot);
  return { program: ready, ...(datastore === undefined ? {} : { datastore }) };
}
