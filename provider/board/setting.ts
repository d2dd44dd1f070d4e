import { z } from "zod";
import { interruptionsIn, requireTold } from "../announcements";
import { PartialFailure, type Context, type ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { holdsUnknown } from "../unknowns";
import { carryOut, takeBack } from "./change";
import { keysOf, type Seen, type Values } from "./kind";
import { kindNames, kindOf } from "./kinds";
import { look, lookAtOurs, recordPath } from "./look";
import { describeValues, planSetting } from "./plan";

const inputs = z.strictObject({
  connection: connectionArgs,
  kind: z.enum(kindNames),
  values: z.record(z.string(), z.string()),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** The values that we have set. */
  readonly ours: Values;
  /** What the board looked like. */
  readonly seen: Seen;
}

/** `board:index:Setting`: one kind of prerequisite of the board, in the running system and in what the next boot reads. */
export const setting: ResourceType<Inputs, State> = {
  token: "board:index:Setting",
  inputs,
  secretOutputs: [],

  check: (wanted) => Promise.resolve({ inputs: wanted, problems: kindOf(wanted.kind).problems?.(wanted.values) ?? [] }),

  async announce(context, wanted) {
    if (holdsUnknown(wanted)) return [];
    const board = await context.board(wanted.connection);
    const { seen, ours } = await lookAtOurs(board, wanted.kind, wanted.values, {});
    const { notes, refusal } = planSetting(kindOf(wanted.kind), wanted.values, ours, seen);
    if (refusal !== undefined) throw new BoardError("refused", board.label, refusal);
    return notes;
  },

  diff(state, wanted) {
    if (state.kind !== wanted.kind) return { changed: [], replaces: ["kind"] };
    const { isEmpty, notes } = planSetting(kindOf(wanted.kind), wanted.values, state.ours, state.seen);
    return { changed: isEmpty ? [] : ["values"], notes };
  },

  removal: ({ kind, ours, seen }) => planSetting(kindOf(kind), {}, ours, seen).notes,

  async create(context, wanted) {
    return { id: wanted.kind, state: await reconcile(context, wanted, {}) };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { connection, kind } = state;
    // of a create that was killed only the inputs are known, and the record says whether it has begun
    const { ours: known = state.values } = state as Partial<State>;
    const [{ seen, ours }, record] = await Promise.all([
      lookAtOurs(board, kind, {}, known),
      board.file(recordPath(kind)),
    ]);
    if (!("ours" in state) && record.kind === "absent") return undefined;
    const found = { connection, kind, values: describeValues(kindOf(kind), ours, seen) };
    // As wanted, in every byte of the files: else the engine would have nothing to show for a difference that diff finds.
    const { isEmpty } = planSetting(kindOf(kind), ours, ours, seen);
    const values = isEmpty ? ours : found.values;
    return { state: { ...found, values, ours, seen }, inputs: { ...found, values } };
  },

  update: (context, _id, old, wanted) => reconcile(context, wanted, old.ours),

  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    const kind = kindOf(state.kind);
    const { seen, ours } = await lookAtOurs(board, state.kind, {}, state.ours);
    const plan = planSetting(kind, {}, ours, seen);
    if (plan.refusal !== undefined) context.log("warning", plan.refusal);
    await takeBack(board, { name: state.kind, kind, ours }, plan, seen);
    const waits = kind.waitsForBoot?.({}, seen) ?? [];
    for (const reason of waits) context.log("warning", reason);
  },
};

async function reconcile(context: Context, wanted: Inputs, known: Values): Promise<State> {
  const board = await context.board(wanted.connection);
  const kind = kindOf(wanted.kind);
  const { seen, ours } = await lookAtOurs(board, wanted.kind, wanted.values, known);
  const plan = planSetting(kind, wanted.values, ours, seen);
  if (plan.refusal !== undefined) throw new BoardError("refused", board.label, plan.refusal);
  const state: State = { ...wanted, ours: wanted.values, seen };
  if (plan.isEmpty) return state;
  for (const unit of interruptionsIn(plan.notes))
    requireTold(context, board, unit, `${unit} would start or stop`, plan.notes);
  try {
    await carryOut(board, { name: wanted.kind, kind, wanted: wanted.values, ours }, plan, seen);
    return { ...state, seen: await look(board, wanted.kind, keysOf(wanted.values)) };
  } catch (error) {
    // The note on the board says that something was begun: whoever destroys the stack now gets it back.
    // What it has not come to take back is still there.
    if (error instanceof BoardError)
      throw new PartialFailure(wanted.kind, { ...state, ours: { ...ours, ...wanted.values } }, error);
    throw error;
  }
}
