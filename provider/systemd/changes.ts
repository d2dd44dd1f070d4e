import { isDeepStrictEqual } from "node:util";
import { lineDiff } from "../files/line-diff";
import type { Difference, SecretPaths } from "../resource";
import { datastoreNotes, migrationNotes } from "../kubernetes/datastore";
import { rotationNotes, rotationReason, rotationWish } from "./certificate-rotation";
import { drainNotes, leftCordoned } from "./drained";
import { restoreNotes, restoreReason, restoreWish } from "./restore";
import { goesNote } from "../touches";
import { isUnknown } from "../unknowns";
import {
  filesOf,
  isUnitFile,
  unitPath,
  type ServiceFile,
  type ServiceInputs,
  type ServiceProgram,
  type ServiceState,
} from "./schema";

/** The mode that stands for a file that is not there. */
export const absentMode = "none";

/** What is to be done to get from what is there to what is wanted. */
export interface Changes {
  /** Files whose content, mode or owner differs. */
  readonly write: readonly ServiceFile[];
  /** What differs of the program. */
  readonly program: "nothing" | "taken over" | "attributes" | "content";
  /** Paths that are ours and no longer wanted: what was there before comes back. */
  readonly putBack: readonly string[];
  /** Why the service restarts, or starts; empty where it does not. */
  readonly restartReasons: readonly string[];
}

/** True where the texts differ or the file is not there. */
function contentDiffers(there: ServiceFile | undefined, wanted: ServiceFile): boolean {
  return there === undefined || there.mode === absentMode || there.content !== wanted.content;
}

/**
 * Compares files one by one. The service restarts for what it reads at start: a content, a trigger; it does not for modes and owners.
 *
 * @param otherReasons - why it restarts besides: triggers that changed.
 */
export function changes(there: ServiceState, wanted: ServiceInputs, otherReasons: readonly string[]): Changes {
  const present = new Map(filesOf(there).map((file) => [file.path, file]));
  const goal = filesOf(wanted);
  const goalPaths = new Set(goal.map(({ path }) => path));
  const newContent = goal.filter((file) => contentDiffers(present.get(file.path), file));
  const write = goal.filter((file) => {
    const old = present.get(file.path);
    return contentDiffers(old, file) || old?.mode !== file.mode || old.owner !== file.owner || old.group !== file.group;
  });
  const program = programChange(there, wanted);
  const putBack = [...present.keys()].filter((path) => !goalPaths.has(path));
  const restartReasons = wanted.running
    ? [
        ...(program === "content" && wanted.program ? [`${wanted.program.path} changes`] : []),
        ...newContent.map(({ path }) => `${path} changes`),
        ...putBack.map((path) => `${path} is no longer ours`),
        ...otherReasons,
        ...(program !== "content" && there.programReplaced && there.running && runsFrom(wanted) !== undefined
          ? [`${runsFrom(wanted)} was replaced after it started`]
          : []),
        ...(there.needsDaemonReload && !newContent.some(({ path }) => isUnitFile(path))
          ? ["its unit files changed after systemd had read them"]
          : []),
        ...(there.unsettled ? ["an earlier change was interrupted"] : []),
        ...(there.running ? [] : ["it is not running"]),
      ]
    : [];
  return { write, program, putBack, restartReasons };
}

function programChange(
  { program: there, restartTriggers }: ServiceState,
  { program: wanted }: ServiceInputs,
): Changes["program"] {
  if (wanted === undefined) return "nothing";
  // The program was a resource of its own, and the service knew it by its checksum.
  if (there === undefined && wanted.sha256 !== undefined && Object.values(restartTriggers).includes(wanted.sha256))
    return "taken over";
  if (there === undefined || there.path !== wanted.path || there.sha256 !== wanted.sha256) return "content";
  const same = there.mode === wanted.mode && there.owner === wanted.owner && there.group === wanted.group;
  return same ? "nothing" : "attributes";
}

/** Path of the program that a service runs, ours or the board's. */
function runsFrom({ program, watchedProgram }: Pick<ServiceInputs, "program" | "watchedProgram">): string | undefined {
  return program?.path ?? watchedProgram;
}

/** The program that was the service's and is no longer. One that is left to the board stays where it is. */
export function formerProgram(
  before: Pick<ServiceInputs, "program"> | undefined,
  wanted: Pick<ServiceInputs, "program" | "watchedProgram">,
): string | undefined {
  const path = before?.program?.path;
  return path === runsFrom(wanted) ? undefined : path;
}

/**
 * Triggers that differ; one that a preview does not know yet counts as changed. One that is no longer given is none any more: nothing that
 * the service was started with has changed.
 */
export function changedTriggers(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  return Object.keys(after)
    .filter((trigger) => before[trigger] !== after[trigger])
    .sort();
}

/** A trigger as a reason to restart. */
export function triggerReason(trigger: string): string {
  return `${trigger} changes`;
}

/**
 * The difference as the engine and the person who reads the preview want it.
 *
 * @param taken - reasons to restart that lie in taking over what is there.
 * @param wasSecret - paths of `there` whose values are secret. Defaults to none.
 */
export function serviceDifference(
  there: ServiceState,
  wanted: ServiceInputs,
  isSecret: SecretPaths,
  taken: readonly string[] = [],
  wasSecret: SecretPaths = () => false,
): Difference {
  if (there.name !== wanted.name) return { changed: [], replaces: ["name"] };
  const triggers = changedTriggers(there.restartTriggers, wanted.restartTriggers);
  const former = formerProgram(there, wanted);
  const restored = restoreWish(wanted);
  const rotated = rotationWish(there, wanted);
  const { write, putBack, program, restartReasons } = changes(there, wanted, [
    ...(restored === undefined ? [] : [restoreReason(restored)]),
    ...(rotated === undefined ? [] : [rotationReason]),
    ...noLongerOurs(former),
    ...triggers.map(triggerReason),
    ...taken,
  ]);
  const isHidden = (path: string) => holdsSecret(wanted, path, isSecret) || holdsSecret(there, path, wasSecret);
  const unitMoves = there.unit !== wanted.unit;
  const filesMove = write.length + putBack.length > (unitMoves ? 1 : 0);
  const changed = [
    ...(unitMoves || there.needsDaemonReload ? ["unit"] : []),
    ...(filesMove ? ["files"] : []),
    ...(program !== "nothing" || former !== undefined || (there.programReplaced && wanted.program !== undefined)
      ? ["program"]
      : []),
    ...(there.watchedProgram !== wanted.watchedProgram || (there.programReplaced && wanted.watchedProgram !== undefined)
      ? ["watchedProgram"]
      : []),
    ...(restored !== undefined || !isDeepStrictEqual(there.datastoreCopies, wanted.datastoreCopies)
      ? ["datastoreCopies"]
      : []),
    ...(rotated === undefined ? [] : ["certificates"]),
    ...(triggers.length > 0 ? ["restartTriggers"] : []),
    ...(there.enabled === wanted.enabled ? [] : ["enabled"]),
    ...(there.running === wanted.running && !there.unsettled && !there.unfinished ? [] : ["running"]),
    ...(there.removeState === wanted.removeState ? [] : ["removeState"]),
    ...(leftCordoned(there, wanted) === undefined ? [] : ["drain"]),
  ];
  const service = `${wanted.name}.service`;
  const verb = there.running ? "restarts" : "starts";
  return {
    changed,
    notes: [
      ...(restartReasons.length > 0 ? [`${service} ${verb}: ${restartReasons.join(", ")}`] : []),
      ...(there.running && !wanted.running ? [`${service} stops`] : []),
      ...(there.unfinished
        ? [`what an interrupted change of ${service} left is removed; nothing restarts for that`]
        : []),
      ...drainNotes(there, wanted, restartReasons.length > 0),
      ...restoreNotes(there, wanted),
      ...rotationNotes(rotated),
      ...enablingNotes(there, wanted),
      ...programNotes(there, wanted, program),
      ...(restartReasons.length > 0 && wanted.program?.upgrade?.embeddedEtcd ? migrationNotes(there.datastore) : []),
      ...write.flatMap((file) => fileNotes(there, file, isHidden(file.path))),
      ...[...putBack.filter((path) => isThere(there, path)), ...(former === undefined ? [] : [former])].map(goesNote),
    ],
  };
}

function isThere(there: ServiceState, path: string): boolean {
  return filesOf(there).some((file) => file.path === path && file.mode !== absentMode);
}

/** A unit without an `[Install]` section cannot be enabled, and is not by systemd. */
function enablingNotes(there: ServiceState, wanted: ServiceInputs): string[] {
  const cannot = wanted.unit !== undefined && !/^\[Install\]/m.test(wanted.unit);
  return there.enabled === wanted.enabled || cannot ? [] : [enablingNote(wanted.name, wanted.enabled)];
}

function enablingNote(name: string, enabled: boolean): string {
  return `${name}.service ${enabled ? "is enabled: it starts at boot" : "is disabled: it does not start at boot"}`;
}

/** What deleting the service does, as notes. */
export function removalNotes(state: ServiceState): string[] {
  const service = `${state.name}.service`;
  const files = filesOf(state).filter(({ mode }) => mode !== absentMode);
  const program = state.program?.mode === absentMode ? undefined : state.program?.path;
  return [
    ...(state.wasUp ? [`${service} restarts: what was there before us comes back`] : []),
    ...(!state.wasUp && state.running ? [`${service} stops`] : []),
    ...(state.wasEnabled === undefined || state.wasEnabled === state.enabled
      ? []
      : [enablingNote(state.name, state.wasEnabled)]),
    ...[...files.map(({ path }) => path), ...(program === undefined ? [] : [program])].map(goesNote),
  ];
}

/** A program that goes, as a reason to restart. */
export function noLongerOurs(program: string | undefined): string[] {
  return program === undefined ? [] : [`${program} is no longer ours`];
}

function programNotes(
  { program: there, datastore, running }: ServiceState,
  { program }: ServiceInputs,
  change: Changes["program"],
): string[] {
  if (program === undefined || change === "nothing") return [];
  const { path, mode, owner, group, version, upgrade } = program;
  if (change === "taken over")
    return [
      `${path} stays as it is and belongs to the service from now on, also where a resource of its own is deleted`,
    ];
  if (change === "attributes")
    return [`${path} gets mode ${mode} and owner ${owner}:${group}; nothing restarts for that`];
  const now = describeProgram(program);
  if (there === undefined || there.path !== path || there.mode === absentMode) return [`${path} is new: ${now}`];
  const swap = { from: there.version, to: version, restore: upgrade?.restoreDatastore ?? false, running };
  return [
    `${path} changes: ${describeProgram(there)} becomes ${now}`,
    ...(upgrade?.datastore === undefined ? [] : datastoreNotes(swap, datastore)),
  ];
}

function describeProgram({ version, sha256 = "" }: ServiceProgram): string {
  const checksum = /^[0-9a-f]{64}$/.test(sha256) ? `sha256 ${sha256.slice(0, 12)}…` : sha256;
  return version === undefined ? checksum : `${version} (${checksum})`;
}

/** Whether the content of a service's file is secret. Paths of secrets go by index, which is another one before and after a change. */
function holdsSecret({ name, files }: ServiceInputs, path: string, isSecret: SecretPaths): boolean {
  const index = files.findIndex((file) => file.path === path);
  return index >= 0 ? isSecret(`files[${index}].content`) : path === unitPath(name) && isSecret("unit");
}

function fileNotes(there: ServiceState, file: ServiceFile, isHidden: boolean): string[] {
  const old = filesOf(there).find(({ path }) => path === file.path);
  if (isUnknown(file.content))
    return [`${file.path} may change: its content is known after other resources are updated`];
  if (!contentDiffers(old, file)) {
    return [`${file.path} gets mode ${file.mode} and owner ${file.owner}:${file.group}; nothing restarts for that`];
  }
  if (isHidden) return [`${file.path} changes; its content is secret`];
  const isNew = old === undefined || old.mode === absentMode;
  return [`${file.path} ${isNew ? "is new" : "changes"}:\n${lineDiff(old?.content ?? "", file.content).join("\n")}`];
}
