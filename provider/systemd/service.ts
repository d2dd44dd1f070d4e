import { createHash } from "node:crypto";
import { requireTold } from "../announcements";
import { isRecorded } from "../files/recorded";
import { lastLines } from "../files/write";
import { readyPods, type PodUid } from "../kubernetes/restarted-node";
import { PartialFailure, type Context, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { withCauses } from "../causes";
import { BoardError } from "../ssh/board-error";
import {
  changedTriggers,
  changes,
  formerProgram,
  noLongerOurs,
  removalNotes,
  serviceDifference,
  triggerReason,
} from "./changes";
import { rotationReason, rotationWish } from "./certificate-rotation";
import { restoreChange, restoreReason, restoreWish } from "./restore";
import { isUnknown } from "../unknowns";
import { adoptionNotes, adoptionReasons, withoutSecretsOfOthers } from "./adoption";
import { isBegun } from "./begun";
import { consequences } from "./consequences";
import { withNodeDrained } from "./drained";
import { waitForHealth, type Expectation, type Verdict } from "./health";
import { readJournal, relevantLines } from "./journal";
import { look } from "./look";
import { prepareProgram } from "./prepare-program";
import { checkProgram, upgradeProblem } from "./program";
import { flagProblem } from "./program-flags";
import { filesOf, serviceInputs, type ServiceInputs, type ServiceState } from "./schema";
import { applyScript, confirmScript, extraSeconds, removeScript, settleScript, type Transaction } from "./transaction";
import { beforeUs, isUp, type UnitState } from "./unit-state";

/** Seconds that the board waits longer than we do before it rolls back by itself: our own answer comes first where we are still there. */
const rollbackMargin = 100;
/** What a service has of its own accord after a change that came to its end. */
const untroubled = {
  unsettled: false,
  unfinished: false,
  cordoned: false,
  needsDaemonReload: false,
  programReplaced: false,
} as const;
/** Seconds for one script of a transaction: daemon-reload and the verification of units are slow on a small board. */
const scriptSeconds = 240;

/** `board:index:SystemdService`. */
export const systemdService: ResourceType<ServiceInputs, ServiceState> = {
  token: "board:index:SystemdService",
  inputs: serviceInputs,
  secretOutputs: [],
  ignored: ["health", "timeoutSeconds", "cluster", "flags", "programData"],

  async check(inputs, old) {
    const seen = new Set<string>();
    const problems = filesOf(inputs).flatMap(({ path }) => {
      if (!seen.has(path)) {
        seen.add(path);
        return [];
      }
      return [{ property: "files", reason: `${path} is there twice` }];
    });
    if (inputs.program === undefined) return { inputs, problems };
    if (inputs.watchedProgram !== undefined)
      problems.push({ property: "watchedProgram", reason: "is for a program of the board's own: give no program" });
    if (seen.has(inputs.program.path))
      problems.push({ property: "files", reason: `${inputs.program.path} is the program` });
    const checked = await checkProgram(inputs.program);
    const before = old?.program;
    const upgrade =
      before?.sha256 === checked.program.sha256 ? undefined : upgradeProblem(inputs.program, before?.version);
    if (upgrade !== undefined) problems.push({ property: "program.version", reason: upgrade });
    return { inputs: { ...inputs, program: checked.program }, problems: [...problems, ...checked.problems] };
  },

  async diff(there, wanted, isSecret, wasSecret) {
    // A preview that does not know all files has not been through `check`.
    const program = wanted.program && (await checkProgram(wanted.program)).program;
    const goal = program === undefined ? wanted : { ...wanted, program };
    return serviceDifference(there, goal, isSecret, [], wasSecret);
  },

  async announce(context, inputs, isSecret) {
    if (isUnknown(inputs.name)) return [];
    const program = inputs.program && (await checkProgram(inputs.program)).program;
    const wanted = program === undefined ? inputs : { ...inputs, program };
    const { state, unit, empty } = await look(await context.board(wanted.connection), wanted);
    const taken = adoptionReasons(wanted, unit.triggers, hashOf(wanted.restartTriggers));
    const difference = serviceDifference(state, wanted, isSecret, taken);
    return unit.load === "not-found" && empty
      ? (difference.notes ?? [])
      : adoptionNotes(wanted.name, difference, taken);
  },

  consequences,

  unforeseen: ({ name }) =>
    typeof name !== "string" || isUnknown(name)
      ? []
      : [`${name}.service may restart: what it reads is known after other resources are updated`],

  removal: removalNotes,

  async create(context, wanted) {
    try {
      return { id: wanted.name, state: await reconcile(context, wanted, undefined) };
    } catch (error) {
      // Only a board that answers has said how it ended. Nobody would stop a service that the engine does not know.
      if (!(error instanceof BoardError) || error.trouble === "refused") throw error;
      throw new PartialFailure(wanted.name, { ...wanted, ...untroubled, unsettled: true }, error);
    }
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { state: seen, unit, empty } = await look(board, state, state.datastore);
    const found = unit.wasUp === undefined ? withoutSecretsOfOthers(seen, state) : seen;
    const { program } = state;
    const paths = [...filesOf(state).map(({ path }) => path), ...(program === undefined ? [] : [program.path])];
    // Where nothing is ours yet it is made anew, and so announced: others' lines are shown there without their secrets.
    const isThere = isCut(state)
      ? await isBegun(board, state.name, unit, paths)
      : unit.load !== "not-found" || !empty || (await isRecorded(board, paths));
    if (!isThere) return undefined;
    const {
      unsettled: _unsettled,
      unfinished: _unfinished,
      cordoned: _cordoned,
      needsDaemonReload: _reload,
      programReplaced: _replaced,
      wasUp: _wasUp,
      wasEnabled: _wasEnabled,
      datastore: _datastore,
      ...inputs
    } = found;
    return { state: found, inputs };
  },

  update: (context, _id, old, wanted) => reconcile(context, wanted, old),

  async delete(context, _id, state) {
    const board = await context.board(state.connection);
    const script = removeScript(
      state,
      filesOf(state).map(({ path }) => path),
    );
    const result = await board.run(script, {
      purpose: `removing ${state.name}.service`,
      timeoutSeconds: scriptSeconds,
    });
    if (result.code !== 0) {
      throw new BoardError(
        "refused",
        board.label,
        `${state.name}.service was not removed: ${lastLines(result.stderr)}`,
      );
    }
  },
};

/** Whether it is the state of a create that was killed, of which only the inputs are known. */
function isCut(state: ServiceInputs): boolean {
  return !("unsettled" in state);
}

/** Brings the board to what is wanted: settles what a killed run began, changes what differs, restarts where that needs it, and proves health. */
async function reconcile(
  context: Context,
  wanted: ServiceInputs,
  old: ServiceState | undefined,
): Promise<ServiceState> {
  const board = await context.board(wanted.connection);
  const goal = withFilesOf(wanted, old);
  let { state: there, unit } = await look(board, goal, old?.datastore);
  const service = `${wanted.name}.service`;
  if (unit.unsettled) {
    requireTold(context, board, service, `${service} may restart`, ["an earlier change was interrupted"]);
    context.log("warning", `${wanted.name}.service: an earlier change was interrupted; it is taken back first`);
  }
  if (unit.unsettled || unit.unfinished) {
    await mustRun(board, settleScript(wanted.name), `settling an interrupted change of ${wanted.name}.service`);
    ({ state: there, unit } = await look(board, goal, old?.datastore));
  }
  const triggers = hashOf(wanted.restartTriggers);
  const former = formerProgram(old, wanted);
  const restored = restoreWish(wanted);
  const rotated = rotationWish(there, wanted);
  const {
    write,
    putBack,
    program: programChange,
    restartReasons,
  } = changes(there, wanted, [
    ...(restored === undefined ? [] : [restoreReason(restored)]),
    ...(rotated === undefined ? [] : [rotationReason]),
    ...noLongerOurs(former),
    ...startReasons(old, wanted, unit.triggers, triggers),
  ]);
  if (there.running && !wanted.running) requireTold(context, board, service, `${service} would stop`, ["it runs"]);
  if (there.running && restartReasons.length > 0)
    requireTold(context, board, service, `${service} would restart`, restartReasons);
  const restore = restoreChange(there, wanted);
  if (typeof restore === "string") throw new BoardError("refused", board.label, `nothing was restored: ${restore}`);
  if (restore !== undefined && programChange === "content")
    throw new BoardError(
      "refused",
      board.label,
      "nothing was restored: another k3s would take the place of this one at the same time",
      "Run up first, then restore",
    );
  // one that is to be swapped is asked where it is staged
  const unlisted =
    programChange === "content" || restartReasons.length === 0 ? undefined : await flagProblem(board, wanted.flags);
  if (unlisted !== undefined) throw unchanged(board, service, unlisted);
  const prepared = await prepareProgram(context, board, { wanted, there, old }, programChange);
  const { program, datastore = restore } = prepared;
  const transaction: Transaction = {
    name: wanted.name,
    write,
    putBack: putBack.filter((path) => old !== undefined && filesOf(old).some((file) => file.path === path)),
    ...(program === undefined ? {} : { program }),
    ...(wanted.watchedProgram === undefined ? {} : { watchedProgram: wanted.watchedProgram }),
    ...(datastore === undefined ? {} : { datastore }),
    ...(rotated === undefined ? {} : { certificates: rotated }),
    ...(former === undefined ? {} : { formerProgram: former }),
    ...(wanted.programData === undefined || restartReasons.length === 0 ? {} : { programData: wanted.programData }),
    enabled: wanted.enabled,
    restart: restartReasons.length > 0,
    stop: !wanted.running && there.running,
    needsDaemonReload: there.needsDaemonReload,
    triggers,
    rollbackSeconds: wanted.timeoutSeconds + rollbackMargin,
  };
  const restarts = transaction.restart;
  await withNodeDrained(context, board, { wanted, there, old, restarts }, () =>
    carryOut(context, board, transaction, wanted, unit),
  );
  // how many members its etcd has is remembered for a refresh that finds no cluster to ask
  const seen = there.datastore === undefined ? {} : { datastore: there.datastore };
  return { ...wanted, ...untroubled, ...seen, ...beforeUs(unit) };
}

/** Reasons to restart that lie in what the last start was made with. An update has no others than its preview had. */
function startReasons(
  old: ServiceState | undefined,
  wanted: ServiceInputs,
  recorded: string,
  triggers: string,
): string[] {
  if (!old) return adoptionReasons(wanted, recorded, triggers);
  return recorded === triggers ? [] : changedTriggers(old.restartTriggers, wanted.restartTriggers).map(triggerReason);
}

async function carryOut(
  context: Context,
  board: Board,
  transaction: Transaction,
  wanted: ServiceInputs,
  before: UnitState,
): Promise<void> {
  const service = `${wanted.name}.service`;
  const podsBefore = await podsOfService(board, transaction, wanted, before);
  const contents = Buffer.concat(transaction.write.map(({ content }) => Buffer.from(content)));
  const applied = await board.run(applyScript(transaction), {
    purpose: `changing ${service}`,
    timeoutSeconds: scriptSeconds + extraSeconds(transaction),
    stdin: contents,
  });
  if (applied.code !== 0) {
    throw unchanged(board, service, context.mask(lastLines(applied.stderr, 6)));
  }
  for (const line of applied.stdout.split("\n")) {
    if (line.startsWith("warning="))
      context.log("warning", `systemd says of the unit: ${context.mask(line.slice("warning=".length))}`);
    if (line.startsWith("damaged="))
      context.log(
        "warning",
        `${service}: what its program had unpacked in ${line.slice("damaged=".length)} was damaged, as by a power cut; it unpacks that again`,
      );
  }
  if (!transaction.restart) return;
  const since = Number(/^since=(\d+)$/m.exec(applied.stdout)?.[1]);
  const expected: Expectation = {
    name: wanted.name,
    health: wanted.health,
    previousInvocation: /^invocation=(.*)$/m.exec(applied.stdout)?.[1] ?? "",
    podsBefore,
    timeoutSeconds: wanted.timeoutSeconds,
  };
  const verdict = await waitForHealth(board, expected, (detail, elapsed) =>
    context.log("info", `waiting for ${service}, ${elapsed} s of ${wanted.timeoutSeconds} s: ${context.mask(detail)}`),
  );
  if (verdict.healthy) {
    const confirmed = await board.run(confirmScript(transaction), {
      purpose: `confirming the change of ${service}`,
      timeoutSeconds: scriptSeconds,
    });
    if (confirmed.code === 0) return;
    const why =
      confirmed.code === 7
        ? "the board had rolled back by itself before the change was confirmed"
        : lastLines(confirmed.stderr);
    throw new BoardError("refused", board.label, `${service} was not changed: ${why}`, "Run the same command again");
  }
  await rollBack(context, board, transaction, wanted, { since, podsBefore, verdict, wasUp: isUp(before) });
}

/** The error of a change that was given up before anything was touched. */
function unchanged({ label }: Board, service: string, why: string): BoardError {
  return new BoardError("refused", label, `${service} was not changed: ${why}`, "Everything is as it was before");
}

/** The pods that have to be Ready again behind a change: those that are now, on the node of a server that restarts. */
async function podsOfService(
  board: Board,
  { restart }: Transaction,
  { health }: ServiceInputs,
  before: UnitState,
): Promise<readonly PodUid[]> {
  if (!restart || !isUp(before) || health.kind !== "kubernetes" || health.node === undefined) return [];
  return readyPods(board, health.kubeconfig, health.node);
}

/** Puts the previous files back and throws: why it failed, in the journal's words, and how the board is now. */
async function rollBack(
  context: Context,
  board: Board,
  transaction: Transaction,
  wanted: ServiceInputs,
  failure: { since: number; podsBefore: readonly PodUid[]; verdict: Verdict; wasUp: boolean },
): Promise<never> {
  const service = `${wanted.name}.service`;
  const detail = context.mask(failure.verdict.detail);
  const journal = await readJournal(board, wanted.name, failure.since).catch(() => "");
  // as long as it is as it is: the previous files hide what is wrong with the new ones
  const causes = wanted.health.kind === "kubernetes" ? await context.causes(board) : [];
  context.log("warning", `${service} did not become healthy (${detail}); the previous files are put back`);
  await mustRun(board, settleScript(wanted.name), `putting back the previous files of ${service}`);
  let now = "What was new is removed again";
  if (failure.wasUp) {
    const again = await waitForHealth(
      board,
      {
        name: wanted.name,
        health: wanted.health,
        previousInvocation: "",
        podsBefore: failure.podsBefore,
        timeoutSeconds: wanted.timeoutSeconds,
      },
      (detail, elapsed) =>
        context.log("info", `waiting for the previous ${service}, ${elapsed} s: ${context.mask(detail)}`),
    );
    const { program, write } = transaction;
    const paths = [...(program?.swap ? [program.path] : []), ...write.map(({ path }) => path)].join(", ");
    const what = paths === "" ? "It was restarted once more" : `The previous files are back (${paths})`;
    now = again.healthy
      ? `${what}, and ${service} is healthy again`
      : `${what}, but ${service} is not healthy with them either: ${context.mask(again.detail)}`;
  }
  const lines = relevantLines(context.mask(journal));
  const said = lines.length > 0 ? `. The journal says: ${lines.join(" | ")}` : "";
  const what = `${service} did not become healthy within ${failure.verdict.seconds} s`;
  throw new BoardError("refused", board.label, withCauses(what, `${detail}${said}`, causes), now);
}

/** What is wanted, with the files that an earlier state had besides: they are looked at too. */
function withFilesOf(wanted: ServiceInputs, old: ServiceState | undefined): ServiceInputs {
  if (!old) return wanted;
  const paths = new Set(filesOf(wanted).map(({ path }) => path));
  const others = filesOf(old).filter(({ path }) => !paths.has(path));
  return { ...wanted, files: [...wanted.files, ...others] };
}

async function mustRun(board: Board, script: string, purpose: string): Promise<void> {
  const result = await board.run(script, { purpose, timeoutSeconds: scriptSeconds });
  if (result.code !== 0) throw new BoardError("refused", board.label, `${purpose} failed: ${lastLines(result.stderr)}`);
}

function hashOf(triggers: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(triggers).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}
