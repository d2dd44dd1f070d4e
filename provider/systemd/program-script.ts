import { recordOf, temporaryOf } from "../files/originals";
import { attributes, beginning, transfer, type WantedFile } from "../files/write";
import { quote } from "../ssh/shell";

/** Seconds that a program may take to print its version: the first start of a big one on a slow board. */
const versionSeconds = 60;

/** The second name of the program of before, beside it: it costs no space and comes back by a rename. */
export function previousOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}.${path.slice(slash + 1)}.k3s-board-old`;
}

/**
 * Stages a program beside its place and tries it: whatever fails leaves nothing behind, and what is whole stays, so that a run that breaks
 * off between this and the swap does not send it again. Nothing that is in use is touched.
 *
 * The record of what was at the path before our first write is made here, with the mark `pending` until the transaction is confirmed.
 *
 * Prints `staged=` and `there=`, what `--version` says of the new program and of the one that is there, where `asked`.
 *
 * @param source - what comes on stdin: the program packed or as it is, or nothing because it is there already.
 */
export function stageScript(file: WantedFile, source: "packed" | "plain" | "staged", asked: boolean): string {
  const record = `$state/original/${quote(recordOf(file.path))}`;
  return `${beginning(file)}
undo() {
  [ -z "$done" ] && take_back || return 0
  rm -f -- "$temporary"
  ${dropPending(file.path)}
  leave "$path"
  tidy
}
done=
lock
trap undo EXIT
trap 'exit 143' HUP INT TERM PIPE
${source === "staged" ? "" : `room ${Math.ceil(file.size / 1024) + 64} "$folder"`}
# A run that was killed before its swap recorded what may have changed since.
${dropPending(file.path)}
if [ ! -d ${record} ]; then
  [ ! -f "$path" ] || room $(($(stat -L -c %s -- "$path") / 1024 + 256)) $state
  keep "$path" ${quote(recordOf(file.path))}
  : >${record}/pending || fail "$state cannot be written"
fi
make_directory "$folder"
${source === "staged" ? `give_up_lock\n${attributes(file)}` : transfer(file, source === "packed")}
${
  asked
    ? `said=$(timeout -k 5 ${versionSeconds} "$temporary" --version 2>&1 </dev/null) || fail "it does not run on this board (exit $?): $(printf '%s' "$said" | tail -n 3 | cut -c 1-300)"
printf 'staged=%s\\n' "$(printf '%s' "$said" | head -n 1)"
[ ! -f "$path" ] || [ ! -x "$path" ] || printf 'there=%s\\n' "$(timeout -k 5 ${versionSeconds} "$path" --version 2>/dev/null </dev/null | head -n 1)"`
    : ""
}
done=1`;
}

/** Takes a staged program away again, and the record that was made for it. */
export function unstageScript(path: string): string {
  return `${beginning({ path })}
lock
rm -f -- "$temporary"
${dropPending(path)}
leave "$path"
tidy`;
}

/** Shell that forgets the record that was made for a program that was not used yet. */
export function dropPending(path: string): string {
  const record = quote(recordOf(path));
  return `[ ! -e $state/original/${record}/pending ] || forget ${record}`;
}

/** A program in a transaction. */
export interface ProgramChange {
  readonly path: string;
  readonly sha256: string;
  /** What it is, for the record; empty where nobody said. */
  readonly version: string;
  /** A new one lies beside its place. Otherwise it stays, and the service only takes note of it. */
  readonly swap: boolean;
}

/** Shell functions of a transaction for programs; `saved` and `records` are files and directories of the transaction. */
export const programFunctions = `link_program() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  rm -f -- "$2" && { ln -P -- "$1" "$2" 2>/dev/null || cp -a -- "$1" "$2"; }
}
restore_program() {
  [ -e "$2" ] || [ -L "$2" ] || return 0
  [ "$2" -ef "$1" ] || mv -fT -- "$2" "$1" || return 1
  rm -f -- "$2"
}`;

/** Shell that remembers, before a confirmation, which program the service was started from. */
export function rememberProgram({ path, sha256, version }: ProgramChange): string {
  return remember(path, `${sha256} ${version || "-"}`);
}

/** Shell that remembers which file a program of the board's own was. */
export function rememberWatched(path: string): string {
  return remember(path, "- -");
}

/** Shell that ends what a confirmed change of a program left: the path is the service's from now on, and the program of before is gone. */
export function finishProgram({ path }: ProgramChange): string {
  const record = `$state/original/${quote(recordOf(path))}`;
  return `rm -f -- ${quote(previousOf(path))} ${quote(temporaryOf(path))}
if [ -d ${record} ]; then rm -f -- ${record}/pending; : >${record}/service; fi`;
}

function remember(path: string, what: string): string {
  return `printf '%s\\n' ${quote(what)}" $(stat -L -c '%d:%i:%s:%Y' -- ${quote(path)})" >"$service/program.new" && on_disk "$service/program.new" && mv -f -- "$service/program.new" "$service/program"`;
}
