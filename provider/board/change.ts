import { createHash } from "node:crypto";
import { originals, recordOf, temporaryOf } from "../files/originals";
import { lastLines, removeFile, writeFile } from "../files/write";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { keysOf, type Seen, type SettingKind, type Values } from "./kind";
import type { KindName } from "./kinds";
import { extendRecord, recordPath, settingsDirectory, type SettingRecord } from "./look";
import type { Plan } from "./plan";

/** Seconds for a script of a setting: generators of boot files are slow on a small board. */
const scriptSeconds = 300;

const failing = `fail() { printf '%s\\n' "$*" >&2; exit 1; }\n`;

/**
 * Carries a plan out. What ran before is remembered first, and that a change is under way; then the running system changes, then the files,
 * each at once. Killed anywhere, the next run finds the note and does it again.
 *
 * The note has the values as well, until a change without them has come to its end: where the run was killed they are nowhere else.
 */
export async function carryOut(
  board: Board,
  { name, kind, wanted, ours }: { name: KindName; kind: SettingKind; wanted: Values; ours: Values },
  plan: Plan,
  seen: Seen,
): Promise<void> {
  const running = kind.running(keysOf(wanted), seen);
  const record = extendRecord(seen, running, { ...ours, ...wanted });
  await script(board, `remembering ${name}`, `${originals}\n${remember(name, record)}`);
  const apply =
    Object.keys(seen.unfinished ? wanted : plan.apply).length === 0
      ? ""
      : kind.apply(seen.unfinished ? wanted : plan.apply, seen);
  const restore = Object.keys(plan.restore).length === 0 ? "" : kind.restore(plan.restore, seen);
  if (apply + restore !== "") await script(board, `setting ${name}`, `${failing}${restore}\n${apply}\n:`);
  await writeEdits(board, plan, seen);
  const settle = kind.settle?.(wanted, ours, seen) ?? "";
  await script(
    board,
    `settling ${name}`,
    `${originals}\n${settle}\n${remember(name, { ...record, unfinished: false, wanted })}`,
  );
}

/** Takes everything of a setting back: files, the running system where that is possible, and our memory of it. */
export async function takeBack(
  board: Board,
  { name, kind, ours }: { name: KindName; kind: SettingKind; ours: Values },
  plan: Plan,
  seen: Seen,
): Promise<void> {
  const restore = Object.keys(seen.before).length === 0 ? "" : kind.restore(seen.before, seen);
  if (restore !== "") await script(board, `restoring ${name}`, `${failing}${restore}\n:`);
  await writeEdits(board, plan, seen);
  const settle = kind.settle?.({}, ours, seen) ?? "";
  const forget = kind.files.map((path) => {
    const now = path in plan.edits ? plan.edits[path] : seen.files[path];
    const record = quote(recordOf(path));
    // What is again as before us comes back with mode, owner and times; of what somebody else changed too, we know nothing any more.
    return now === seen.originals[path]
      ? `restore ${quote(path)} ${record} ${quote(temporaryOf(path))}`
      : `rm -rf -- $state/original/${record}`;
  });
  await script(
    board,
    `forgetting ${name}`,
    `${originals}
${settle}
[ -d $state ] || exit 0
lock
${forget.join("\n")}
rm -f -- ${quote(recordPath(name))}
rmdir ${settingsDirectory} 2>/dev/null
tidy`,
  );
}

async function writeEdits(board: Board, plan: Plan, seen: Seen): Promise<void> {
  for (const [path, text] of Object.entries(plan.edits)) {
    if (text === (seen.originals[path] ?? null)) {
      await removeFile(board, path);
      continue;
    }
    const content = Buffer.from(text ?? "");
    const there = await board.file(path);
    const { mode, owner, group } = there.kind === "file" ? there : { mode: "0644", owner: "root", group: "root" };
    const sha256 = createHash("sha256").update(content).digest("hex");
    await writeFile(board, { path, mode, owner, group, sha256, size: content.length }, { kind: "content", content });
  }
}

function remember(name: KindName, record: SettingRecord): string {
  const path = quote(recordPath(name));
  return `lock
( umask 077; mkdir -p ${settingsDirectory} && printf '%s\\n' ${quote(JSON.stringify(record))} >${path}.new ) && sync -- ${path}.new && mv -f -- ${path}.new ${path} && sync -- ${settingsDirectory} || fail "${settingsDirectory} cannot be written"
unlock`;
}

async function script(board: Board, purpose: string, text: string): Promise<void> {
  const { code, stderr } = await board.run(text, { purpose, timeoutSeconds: scriptSeconds });
  if (code !== 0) throw new BoardError("refused", board.label, `${purpose} failed: ${lastLines(stderr, 5)}`);
}
