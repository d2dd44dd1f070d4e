import { z } from "zod";
import { requireTold } from "../announcements";
import { defaultKubeconfig, interruptionNotes } from "../kubernetes/interruption";
import { nodeAccess } from "../kubernetes/node-object";
import { PartialFailure, type Context, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { holdsUnknown } from "../unknowns";
import { kindNames } from "./kinds";
import { type Boot, inVain, readBoot, rebootReasons } from "./reboot-reasons";
import { forgetReboot, sendReboot, waitForBoot } from "./reboot-wait";

const inputs = z.strictObject({
  connection: connectionArgs,
  consent: z.enum(["allowed", "never"]),
  settings: z.array(z.strictObject({ kind: z.enum(kindNames), values: z.record(z.string(), z.string()) })).default([]),
  forUpdates: z.boolean().default(false),
  cgroupControllers: z.array(z.string()).default([]),
  timeoutSeconds: z.number().positive().default(900),
  /** The node that the board is, for what a reboot means there. Defaults to that of a k3s server on the board. */
  cluster: nodeAccess.optional(),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  readonly boot: Boot;
  /** Boot id of the last boot that was ours; empty before the first. */
  readonly rebooted: string;
  /** Boot id of the boot that our last reboot ended; empty before the first. A state of an earlier version has none. */
  readonly formerBoot?: string;
}

/** What is known of reboots of ours. */
type Reboots = Pick<State, "rebooted" | "formerBoot">;

/** Boot id of the run that a reboot was sent in and whose end nobody has seen. */
function isUnfinished({ record }: Boot): boolean {
  return record !== undefined;
}

function notesFor(wanted: Inputs, boot: Boot): string[] {
  const reasons = rebootReasons(wanted, boot);
  const unfinished = isUnfinished(boot) ? ["an earlier reboot was interrupted; its end is looked for"] : [];
  if (reasons.length === 0) return unfinished;
  return [...unfinished, wanted.consent === "allowed" ? `the board reboots: ${reasons.join(", ")}` : waiting(reasons)];
}

function waiting(reasons: readonly string[]): string {
  return `waits for a reboot, which is left to you (reboot: never): ${reasons.join(", ")}`;
}

/**
 * `board:index:Reboot`: reboots the board when what runs differs from what the next boot will have, in the kinds of settings that only a boot
 * can apply. Its dependencies have made the boot configuration; what depends on it finds a board that was booted with it.
 */
export const reboot: ResourceType<Inputs, State> = {
  token: "board:index:Reboot",
  inputs,
  secretOutputs: [],
  ignored: ["timeoutSeconds", "consent", "cgroupControllers", "cluster"],

  async announce(context, wanted) {
    if (holdsUnknown(wanted)) return [];
    const board = await context.board(wanted.connection);
    return notesFor(wanted, await readBoot(board, wanted.settings));
  },

  async consequences(context, wanted) {
    if (wanted.cluster !== undefined) {
      const { connection, kubeconfig, node } = wanted.cluster;
      return interruptionNotes({ board: await context.board(connection), kubeconfig, name: node }, "reboot");
    }
    const board = await context.board(wanted.connection);
    const { stdout } = await board.ask("node name", "uname -n");
    return interruptionNotes({ board, kubeconfig: defaultKubeconfig, names: [stdout.trim()] }, "reboot");
  },

  diff(state, wanted) {
    const asks = ({ settings, forUpdates }: Inputs) =>
      JSON.stringify([forUpdates, settings.map(({ kind, values }) => [kind, Object.entries(values).sort()])]);
    const isDue = wanted.consent === "allowed" && rebootReasons(wanted, state.boot).length > 0;
    const differs = asks(state) !== asks(wanted) || isDue || isUnfinished(state.boot);
    return { changed: differs ? ["settings"] : [], notes: notesFor(wanted, state.boot) };
  },

  async create(context, wanted) {
    return { id: "reboot", state: await reconcile(context, wanted, { rebooted: "" }) };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { boot: former, rebooted: _rebooted, formerBoot: _formerBoot, ...found } = state as Inputs & Partial<State>;
    const boot = await readBoot(board, found.settings);
    // of a create that was killed only the inputs are known, and the note on the board says whether it has begun
    if (former === undefined && !isUnfinished(boot)) return undefined;
    const reasons = found.consent === "never" ? rebootReasons(found, boot) : [];
    if (reasons.length > 0) context.log("warning", waiting(reasons));
    return { state: { ...found, boot, ...rebootsOf(state) }, inputs: found };
  },

  update: (context, _id, old, wanted) => reconcile(context, wanted, rebootsOf(old)),

  async delete(context, _id, state) {
    await forgetReboot(await context.board(state.connection));
  },
};

function rebootsOf({ rebooted = "", formerBoot = "" }: Partial<Reboots>): Required<Reboots> {
  return { rebooted, formerBoot };
}

async function reconcile(context: Context, wanted: Inputs, reboots: Reboots): Promise<State> {
  const board = await context.board(wanted.connection);
  const boot = await readBoot(board, wanted.settings);
  const reasons = rebootReasons(wanted, boot);
  if (reasons.length === 0 || wanted.consent === "never") {
    if (reasons.length > 0) context.log("warning", waiting(reasons));
    const ours =
      boot.record !== undefined && boot.record.bootId !== boot.bootId
        ? { rebooted: boot.bootId, formerBoot: boot.record.bootId }
        : rebootsOf(reboots);
    if (isUnfinished(boot)) await forgetReboot(board);
    checkControllers(board, wanted, boot, reasons);
    return { ...wanted, boot: { ...boot, record: undefined }, ...ours };
  }
  requireTold(context, board, "board", "the board would reboot", reasons);
  checkInVain(board, boot, reasons);
  context.log("info", `the board reboots now: ${reasons.join(", ")}`);
  // The note goes before the reboot, and stays where sending it or waiting for it broke off: whoever destroys the stack now takes it away.
  try {
    await sendReboot(board, { bootId: boot.bootId, reasons });
    await waitForBoot(board, { bootId: boot.bootId, timeoutSeconds: wanted.timeoutSeconds }, (detail, elapsed) =>
      context.log("info", `waiting for the board to come back, ${elapsed} s of ${wanted.timeoutSeconds} s: ${detail}`),
    );
    const after = await readBoot(board, wanted.settings);
    const left = rebootReasons(wanted, after);
    checkInVain(board, after, left);
    await forgetReboot(board);
    checkControllers(board, wanted, after, left);
    const ours = { rebooted: after.bootId, formerBoot: boot.bootId };
    return { ...wanted, boot: { ...after, record: undefined }, ...ours };
  } catch (error) {
    if (error instanceof BoardError)
      throw new PartialFailure("reboot", { ...wanted, boot, ...rebootsOf(reboots) }, error);
    throw error;
  }
}

/** A reboot that changed nothing is not sent again: it would not change anything the next time either. */
function checkInVain(board: Board, boot: Boot, reasons: readonly string[]): void {
  const left = inVain(reasons, boot);
  if (left.length === 0) return;
  throw new BoardError(
    "refused",
    board.label,
    `the board was rebooted, and still: ${left.join(", ")}`,
    "Its boot loader takes the kernel's command line from elsewhere, or something sets it back at boot; find out what, and reboot the board yourself",
  );
}

/** What Kubernetes cannot do without, and only a boot can bring. */
function checkControllers(board: Board, { cgroupControllers }: Inputs, boot: Boot, reasons: readonly string[]): void {
  const off = cgroupControllers.filter((controller) => !boot.controllers.includes(controller));
  if (off.length === 0) return;
  const why = reasons.length > 0 ? `; ${reasons.join(", ")}` : "";
  throw new BoardError(
    "refused",
    board.label,
    `the cgroup controller ${off.join(", ")} is off${why}`,
    reasons.length > 0 ? "Reboot the board, or set reboot: allowed, and run the same command again" : undefined,
  );
}
