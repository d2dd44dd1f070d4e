import { z } from "zod";
import { originalDirectory } from "../files/originals";
import type { Board, FileOnBoard } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { stateDirectory } from "../ssh/file-questions";
import { lastLines } from "../files/write";
import { keysOf, type Seen, type Values } from "./kind";
import { kindOf, type KindName } from "./kinds";

/** Where we remember, for each kind of setting, what the running system had before us. */
export const settingsDirectory = `${stateDirectory}/settings`;

/** The record of a kind. */
export function recordPath(kind: KindName): string {
  return `${settingsDirectory}/${kind}.json`;
}

const recordSchema = z.object({
  before: z.record(z.string(), z.string()),
  unfinished: z.boolean(),
  wanted: z.record(z.string(), z.string()).optional(),
});

/** What is remembered of a setting: what ran before us, whether a change is under way, and all that may be ours for it. */
export type SettingRecord = z.output<typeof recordSchema>;

/** Looks at everything that a setting is about, in one round trip that is shared with all other reads. */
export async function look(board: Board, name: KindName, keys: readonly string[]): Promise<Seen> {
  const kind = kindOf(name);
  const fragment = kind.look(keys);
  const [said, record, ...files] = await Promise.all([
    fragment === ""
      ? { code: 0, stdout: "", stderr: "" }
      : board.ask(`setting ${name} ${keys.join(" ")}`, `${fragment}\n:`),
    board.file(recordPath(name)),
    ...kind.files.map(async (path) => {
      const original = originalDirectory(path);
      const [there, kept, absent] = await Promise.all([
        board.file(path),
        board.file(`${original}/original`),
        board.file(`${original}/absent`),
      ]);
      const text = textIn(board, path, there);
      const before = absent.kind === "file" ? null : kept.kind === "absent" ? text : textIn(board, path, kept);
      return { path, text, before };
    }),
  ]);
  if (said.code !== 0)
    throw new BoardError("refused", board.label, `${name} cannot be read: ${lastLines(said.stderr)}`);
  const kept = record.kind === "file" ? parseRecord(record.content?.toString("utf8") ?? "") : undefined;
  return {
    files: Object.fromEntries(files.map(({ path, text }) => [path, text])),
    originals: Object.fromEntries(files.map(({ path, before }) => [path, before])),
    output: said.stdout,
    before: kept?.before ?? {},
    unfinished: kept?.unfinished ?? false,
    ...(kept?.wanted === undefined ? {} : { wanted: kept.wanted }),
  };
}

/**
 * Looks at a setting with everything that may be ours: the stack does not know what a run that was killed has set, the record does.
 *
 * @param wanted - what is to be looked at besides.
 * @param known - the values of ours that the stack knows; they stand where the record has others.
 */
export async function lookAtOurs(
  board: Board,
  name: KindName,
  wanted: Values,
  known: Values,
): Promise<{ readonly seen: Seen; readonly ours: Values }> {
  const keys = keysOf(wanted, known);
  const seen = await look(board, name, keys);
  const ours = { ...seen.wanted, ...known };
  // Only behind a run that was killed is there more in the record: all other looks are one round trip.
  const isWhole = Object.keys(ours).every((key) => keys.includes(key));
  return { ours, seen: isWhole ? seen : await look(board, name, keysOf(wanted, ours)) };
}

/** A record; `undefined` where it cannot be read, which only somebody else's hand makes so: records are written whole or not at all. */
function parseRecord(text: string): SettingRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * The record of a change that begins, with what the running system has, for keys that it does not know yet.
 *
 * @param wanted - what it is to set, and what it has to take back.
 */
export function extendRecord(seen: Seen, running: Values, wanted: Values): SettingRecord {
  return { before: { ...running, ...seen.before }, unfinished: true, wanted };
}

function textIn(board: Board, path: string, there: FileOnBoard): string | null {
  // A link leads to another file of the list, or to a place that is not ours to write to.
  if (there.kind === "absent" || there.kind === "symlink") return null;
  if (there.kind !== "file") throw new BoardError("refused", board.label, `${path} is no regular file`);
  if (there.content === undefined)
    throw new BoardError("refused", board.label, `${path} has ${there.size} bytes, too many to edit`);
  return there.content.toString("utf8");
}
