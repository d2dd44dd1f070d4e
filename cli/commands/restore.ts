import { terminalProgress } from "../../tools/progress";
import { chosenCopy, copiesOf, describeCopy, restoreVariable } from "../../provider/systemd/restore";
import { Engine } from "../engine/engine";
import { parseState } from "../engine/pending";
import type { Project } from "../engine/project";
import { ExpectedError, exitCode, type ExitCode, UsageError } from "../errors";
import { restorableIn, type Restorable } from "./copies";
import { operate, type OperationFlags } from "./operate";
import { streamsFor } from "./output";

/** Options of `npm run restore`. */
export interface RestoreFlags extends OperationFlags {
  /** Shows the copies that there are; changes nothing. */
  readonly list: boolean;
  /** Name of the copy to bring back. */
  readonly from?: string;
}

/**
 * Shows the copies of the server's datastore, or has one take its place: an `up` in which the service's transaction does it, with the preview,
 * the question and the roll-back of every other.
 *
 * @throws UsageError where neither is asked for; ExpectedError where there is no such copy, or it cannot be restored.
 */
export async function restore(project: Project, flags: RestoreFlags): Promise<ExitCode> {
  if (flags.list === (flags.from !== undefined))
    throw new UsageError("give --list to see the copies, or --from <copy> to bring one back");
  const found = await copiesOnBoard(project, flags);
  if (flags.from === undefined) return list(found, flags);
  const copy = chosenCopy(flags.from, found.version, found.datastore);
  if (typeof copy === "string") throw new ExpectedError(copy);
  // for the provider, which the engine starts with this process's environment
  process.env[restoreVariable] = copy.name;
  try {
    return (await operate(project, "up", flags)).exitCode;
  } finally {
    process.env[restoreVariable] = "";
  }
}

/** Reads the board; the state is brought up to date by it, and nothing else changes. */
async function copiesOnBoard(project: Project, flags: RestoreFlags): Promise<Restorable> {
  const { human } = streamsFor(flags);
  const say = (text: string) => void human.write(`${text}\n`);
  const options = { progress: terminalProgress(process.stderr), say, missing: "refuse" } as const;
  return Engine.open(project, flags.stack, options, async (engine) => {
    await engine.settleInterrupted(say);
    await engine.stack.refresh({ onOutput: () => undefined, parallel: 64 });
    const state = parseState(await engine.cli("reading the state", ["stack", "export"]));
    const found = restorableIn(state.deployment.resources ?? []);
    if (found === undefined)
      throw new ExpectedError(
        `stack ${flags.stack} has no datastore of its own on the board, or was made before there were copies: \`npm run up\` first`,
      );
    return found;
  });
}

function list({ datastore }: Restorable, flags: RestoreFlags): ExitCode {
  const { human, result } = streamsFor(flags);
  const copies = copiesOf(datastore);
  if (flags.json) result.write(`${JSON.stringify({ stack: flags.stack, copies }, undefined, 2)}\n`);
  else
    human.write(
      copies.length === 0
        ? "There are no copies of the datastore: k3s.backup makes them on schedule, an upgrade before it begins\n"
        : `${copies.map((copy) => `${describeCopy(copy)}, written by ${copy.version}`).join("\n")}\n`,
    );
  return exitCode.ok;
}
