import { z } from "zod";
import { readAbsent, recordAbsent } from "../files/absent-before";
import { originals } from "../files/originals";
import { lastLines } from "../files/write";
import { depthOf } from "../kubernetes/on-destroy";
import type { ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { stateDirectory } from "../ssh/file-questions";
import { absentScript, cleanScript } from "./clean";
import { forgetScript } from "./reset";

/** On the board: the paths that were absent before us, a line each. */
const record = `${stateDirectory}/kubeadm-data.absent`;

const inputs = z.strictObject({ connection: connectionArgs });

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** Paths that were not there before this stack: they go with it. */
  readonly ours: readonly string[];
}

/**
 * What Kubernetes leaves on a host besides what we write: the cluster's data, containers, mounts, network devices, firewall rules. The
 * resource remembers what was not there before, and takes that away when the stack is destroyed, after kubeadm has reset the node and the
 * runtime has stopped.
 */
export const kubeadmData: ResourceType<Inputs, State> = {
  token: "board:index:KubeadmData",
  inputs,
  secretOutputs: [],
  diff: () => ({ changed: [] }),
  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    return { id: "kubeadm", state: { ...wanted, ours: await recordAbsent(board, record, absentScript()) } };
  },
  async read(context, _id, state) {
    const { ours: known, ...wanted } = state as Inputs & Partial<State>;
    // of a create that was killed only the inputs are known
    const ours = known ?? (await readAbsent(await context.board(state.connection), record));
    return ours && { state: { ...wanted, ours }, inputs: wanted };
  },
  update: (_context, _id, old, wanted) => Promise.resolve({ ...wanted, ours: old.ours }),
  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    const depth = depthOf(undefined, process.env);
    const { code, stdout, stderr } = await board.run(
      `${originals}${cleanScript({ depth, ours: state.ours })}
lock
${forgetScript}
rm -f ${record}
tidy`,
      { purpose: "removing what Kubernetes left: containers, mounts, network devices, data", timeoutSeconds: 600 },
    );
    if (code !== 0)
      throw new BoardError("refused", board.label, lastLines(stderr), "End what holds them and run destroy again");
    for (const [, path] of stdout.matchAll(/^kept=(.*)$/gm))
      context.log("warning", `${path} stays: a file system is mounted below it that Kubernetes has not mounted`);
  },
};
