import { posix } from "node:path";
import { z } from "zod";
import type { ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { readAbsent, recordAbsent } from "../files/absent-before";
import { originals } from "../files/originals";
import { lastLines } from "../files/write";
import { BoardError } from "../ssh/board-error";
import { stateDirectory } from "../ssh/file-questions";
import { certificateEnds, certificateWarning } from "./certificates";
import { absentScript, cleanScript, traces } from "./clean";
import { depthOf, onDestroyDepths } from "./on-destroy";

/** On the board: the paths that were absent before us, a line each. */
const record = `${stateDirectory}/k3s-data.absent`;

const inputs = z.strictObject({
  connection: connectionArgs,
  /** k3s's data directory. Defaults to /var/lib/rancher/k3s. */
  dataDir: z.string().startsWith("/").default("/var/lib/rancher/k3s"),
  /** How deep the deletion goes; `K3S_BOARD_ON_DESTROY` goes before it. Defaults to remove. */
  onDestroy: z.enum(onDestroyDepths).default("remove"),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Paths that k3s makes and that were not there before this stack: they go with it. With a slash behind them directories that were empty. */
  readonly ours: readonly string[];
}

function isSamePlace(a: Pick<Inputs, "dataDir">, b: Pick<Inputs, "dataDir">): boolean {
  return posix.join(a.dataDir, "/") === posix.join(b.dataDir, "/");
}

/** Why a stack keeps the data directory that it has. */
function moveRefusal(from: string, to: string): string {
  return (
    `k3s does not move its data from ${from} to ${to} (data-dir), and another directory would begin another cluster. Put ${from} back; or run ` +
    `destroy -- --keep-data, move the directory on the board, and run up with ${to}`
  );
}

/**
 * What k3s leaves on a host: data, sockets, containers, mounts, network devices. The resource remembers which of it was not there before,
 * and takes that away when the stack is destroyed, after the service has stopped: see `on-destroy.ts` for how much. It also tells when k3s's
 * certificates, which are part of that data, are about to expire.
 */
export const k3sData: ResourceType<Inputs, State> = {
  token: "board:index:K3sData",
  inputs,
  secretOutputs: [],
  check(inputs, old) {
    // a replacement would delete the data of a k3s that runs, and what makes it the same node besides
    const moves = old !== undefined && !isSamePlace(old, inputs);
    const problems = moves ? [{ property: "dataDir", reason: moveRefusal(old.dataDir, inputs.dataDir) }] : [];
    return Promise.resolve({ inputs, problems });
  },
  diff: (state, wanted) => ({
    // A state from before there was a choice has none, which is the default.
    changed: ((state as Partial<State>).onDestroy ?? "remove") === wanted.onDestroy ? [] : ["onDestroy"],
    replaces: isSamePlace(state, wanted) ? [] : ["dataDir"],
  }),
  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    const ours = await recordAbsent(board, record, absentScript(traces(wanted.dataDir)));
    return { id: wanted.dataDir, state: { ...wanted, ours } };
  },
  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { ours: known, ...wanted } = state as Inputs & Partial<State>;
    // of a create that was killed only the inputs are known
    const [ends, ours] = await Promise.all([certificateEnds(board, state.dataDir), known ?? readAbsent(board, record)]);
    if (ours === undefined) return undefined;
    const warning = certificateWarning(ends, new Date());
    if (warning !== undefined) context.log("warning", warning);
    return { state: { ...wanted, ours }, inputs: wanted };
  },
  update: (_context, _id, old, wanted) => Promise.resolve({ ...wanted, ours: old.ours }),
  async delete(context, _id, state) {
    const depth = depthOf(state.onDestroy, process.env);
    const board = await context.board(state.connection);
    // What was not there before the first up is still to be known when the data that stays goes one day.
    const forget = depth === "keepData" ? "" : `rm -f ${record}`;
    const { code, stdout, stderr } = await board.run(
      `${originals}${cleanScript({ depth, dataDir: state.dataDir, ours: state.ours })}
lock
${forget}
tidy`,
      { purpose: "removing what k3s left: containers, mounts, network devices, data", timeoutSeconds: 600 },
    );
    if (code !== 0)
      throw new BoardError("refused", board.label, lastLines(stderr), "End what holds them and run destroy again");
    for (const [, path] of stdout.matchAll(/^kept=(.*)$/gm))
      context.log("warning", `${path} stays: a file system is mounted below it that k3s has not mounted`);
  },
};
