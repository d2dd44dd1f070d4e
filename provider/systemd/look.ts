import { textOf } from "../files/file";
import { lastLines } from "../files/write";
import { type Datastore, datastoreFragment, etcdMembers, parseDatastore } from "../kubernetes/datastore";
import type { Board, FileOnBoard } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { absentMode } from "./changes";
import { describeProgram } from "./program";
import { filesOf, unitPath, type ServiceFile, type ServiceInputs, type ServiceState } from "./schema";
import { isUp, parseUnitState, unitStateFragment, type UnitState } from "./unit-state";

/** A service and what systemd says of it. */
export interface Look {
  readonly state: ServiceState;
  readonly unit: UnitState;
  /** None of the files is there. */
  readonly empty: boolean;
}

/**
 * Looks at the unit and all files, in one round trip; then, where the datastore is an embedded etcd, at how many members that has.
 *
 * @param known - the datastore as it was seen before, for what a cluster that does not answer cannot tell. Defaults to not at all.
 */
export async function look(board: Board, like: ServiceInputs, known?: Datastore): Promise<Look> {
  const { program } = like;
  const runs = program?.path ?? like.watchedProgram;
  const store = program?.upgrade?.datastore ?? like.datastoreCopies?.datastore;
  const backups = like.datastoreCopies?.backups;
  const [shown, thereProgram, stored, ...files] = await Promise.all([
    board.ask(`service ${like.name} ${runs ?? ""}`, unitStateFragment(like.name, runs)),
    program && board.file(program.path, { contentLimit: 0 }),
    store === undefined
      ? undefined
      : board.ask(`datastore ${store} ${backups ?? ""}`, datastoreFragment(store, backups)),
    ...filesOf(like).map(async (file) => describeFile(file, await board.file(file.path))),
  ]);
  if (shown.code !== 0)
    throw new BoardError("refused", board.label, `systemd does not answer: ${lastLines(shown.stderr)}`);
  const unit = parseUnitState(shown.stdout);
  const found = stored && parseDatastore(stored.stdout);
  if (stored !== undefined && found === undefined)
    throw new BoardError("refused", board.label, `${store} cannot be looked at: ${lastLines(stored.stderr)}`);
  const datastore = found && (await withMembers(board, like, found, known));
  const ownUnit = like.unit === undefined ? undefined : files.find(({ path }) => path === unitPath(like.name));
  const state: ServiceState = {
    ...like,
    ...(ownUnit === undefined ? {} : { unit: ownUnit.mode === absentMode ? "" : ownUnit.content }),
    ...(program && thereProgram ? { program: describeProgram(program, thereProgram, unit.program) } : {}),
    files: files.filter((file) => file !== ownUnit),
    // Units without an [Install] section are neither: then nothing differs.
    enabled:
      unit.unitFile === "enabled" ? true : unit.unitFile === "disabled" || unit.unitFile === "" ? false : like.enabled,
    running: isUp(unit),
    unsettled: unit.unsettled,
    unfinished: unit.unfinished,
    cordoned: unit.cordoned,
    needsDaemonReload: unit.needsDaemonReload,
    programReplaced: unit.programReplaced,
    ...(datastore === undefined ? {} : { datastore }),
    ...(unit.wasUp === undefined ? {} : { wasUp: unit.wasUp }),
    ...(unit.wasEnabled === undefined ? {} : { wasEnabled: unit.wasEnabled }),
  };
  return { state, unit, empty: files.every(({ mode }) => mode === absentMode) };
}

/** What becomes of a datastore when the program changes depends on how many members its etcd has. */
async function withMembers(
  board: Board,
  { program, health }: ServiceInputs,
  found: Datastore,
  known: Datastore | undefined,
): Promise<Datastore> {
  if (found.kind !== "etcd" || program?.upgrade === undefined || health.kind !== "kubernetes") return found;
  return { ...found, members: await etcdMembers(board, health.kubeconfig, found, known?.members) };
}

function describeFile(wanted: ServiceFile, there: FileOnBoard): ServiceFile {
  if (there.kind === "absent") return { ...wanted, content: "", mode: absentMode };
  if (there.kind !== "file")
    return { ...wanted, content: `<${there.kind}${there.target ? ` to ${there.target}` : ""}>` };
  return {
    path: wanted.path,
    content: textOf(there),
    mode: there.mode,
    owner: wanted.owner === String(there.uid) ? wanted.owner : there.owner,
    group: wanted.group === String(there.gid) ? wanted.group : there.group,
  };
}
