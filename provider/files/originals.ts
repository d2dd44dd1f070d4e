import { createHash } from "node:crypto";
import { stateDirectory } from "../ssh/file-questions";

/** Directory name of the record of what was at `path` before our first write: readable where it fits into a file name. */
export function recordOf(path: string): string {
  const readable = encodeURIComponent(path).replaceAll("'", "%27");
  return readable.length <= 200 ? readable : createHash("sha256").update(path).digest("hex");
}

/** Directory on the board that holds that record. */
export function originalDirectory(path: string): string {
  return `${stateDirectory}/original/${recordOf(path)}`;
}

/** The temporary file beside `path`; always the same, so that what a killed run left is overwritten by the next. */
export function temporaryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return `${path.slice(0, slash + 1)}.${path.slice(slash + 1)}.k3s-board-new`;
}

/** Seconds that a script waits for its turn on the board, before it does anything. */
export const lockSeconds = 120;

/**
 * Shell functions that keep and restore what was on the board before us. Records are directories under `original`, made complete under
 * another name and renamed, so that a record is there whole or not at all, and one that is there is never written again: whatever state
 * a killed run of ours left at the path, the record still holds what was there before the first of them.
 *
 * - `lock`, `unlock`: one writer at a time on the board. `tidy` of another may remove the lock file, or the directories it is in, at any step before
 *   we hold it: then again.
 * - `on_disk FILE…`: waits until the files are on disk; links are with their directory.
 * - `room KIB DIR`: fails where a directory, there or to be, has not so much space, or our own none.
 * - `make_directory DIR`: makes it with its parents and notes those that were missing.
 * - `keep PATH RECORD`: records what is there, unless it is recorded already.
 * - `forget RECORD`: removes a record; as half a record could not be put back, it loses its name first. That is on disk before anybody is told that
 *   the path is given back: nobody asks for it again, and a record that a power cut brought back would stay.
 * - `restore PATH RECORD TEMPORARY`: puts it back with mode, owner and times; a path where nothing was is removed, directories as in
 *   `leave`. Does nothing without a record, which therefore goes last: what is killed on the way is done again.
 * - `put_back PATH RECORD TEMPORARY`: the same, but the record and the directories stay.
 * - `leave PATH`: removes the directories above it that we made and that are empty.
 * - `tidy`: removes our own directory when nothing is recorded any more.
 */
export const originals = `state=${stateDirectory}
nl='
'
fail() { printf '%s\\n' "$*" >&2; exit 1; }
lock() {
  failures=0
  while :; do
    if { ( umask 077; mkdir -p $state/original ) && chmod 700 $state && command exec 9>$state/lock; } 2>/dev/null; then
      flock -w ${lockSeconds} 9 || fail "another run has held $state/lock for ${lockSeconds} s"
      [ ! -d $state/original ] || [ ! $state/lock -ef /proc/self/fd/9 ] || return 0
    else
      [ $((failures += 1)) -lt 20 ] || fail "$state cannot be made: $(mkdir -p $state/original 2>&1)"
    fi
  done
}
unlock() { exec 9>&-; }
on_disk() { for kept in "$@"; do [ -L "$kept" ] || sync -- "$kept" || return 1; done; }
room() {
  above=$2
  until [ -d "\${above:-/}" ]; do above=\${above%/*}; done
  set -- "$1" "$2" $(df --output=avail -k -- "\${above:-/}" $state)
  [ "\${4:-0}" -gt "$1" ] || fail "no space: it needs $1 KiB, $2 has \${4:-0} KiB left"
  [ "\${5:-0}" -gt 256 ] || fail "no space: what was there before is kept in $state, which has \${5:-0} KiB left"
}
make_directory() {
  directory=$1 missing=
  while [ ! -d "$directory" ]; do
    [ ! -e "$directory" ] || fail "$directory is there and is no directory"
    missing=$directory$nl$missing
    directory=\${directory%/*}
    [ -n "$directory" ] || directory=/
  done
  [ -n "$missing" ] || return 0
  printf '%s' "$missing" >>$state/directories && sync -- $state/directories && ( umask 022; mkdir -p -- "$1" ) || fail "$1 cannot be made"
}
keep() {
  record=$state/original/$2
  [ ! -d "$record" ] || return 0
  unfinished=$state/original/.new-$2
  rm -rf -- "$unfinished" && mkdir -- "$unfinished" && printf '%s\\n' "$1" >"$unfinished/path" || fail "no record can be made in $state"
  if [ -e "$1" ] || [ -L "$1" ]; then cp -a -- "$1" "$unfinished/original"; else : >"$unfinished/absent"; fi || fail "$1 cannot be copied to $state"
  on_disk "$unfinished"/* || fail "$unfinished cannot be written"
  mv -T -- "$unfinished" "$record" && sync -- $state/original || fail "$record cannot be written"
}
forget() {
  [ -d "$state/original/$1" ] || return 0
  removed=$state/original/.new-$1
  rm -rf -- "$removed" && mv -T -- "$state/original/$1" "$removed" && sync -- $state/original && rm -rf -- "$removed"
}
put_back() {
  record=$state/original/$2
  rm -f -- "$3"
  [ -d "$record" ] || return 0
  directory=\${1%/*}
  if [ -e "$record/absent" ]; then
    rm -f -- "$1" || fail "$1 cannot be removed"
  else
    mkdir -p -- "$directory/" && cp -a -- "$record/original" "$3" && on_disk "$3" && mv -fT -- "$3" "$1" || { rm -f -- "$3"; fail "$1 cannot be put back"; }
  fi
  [ ! -d "$directory/" ] || sync -- "$directory/"
}
restore() {
  put_back "$@"
  [ -d "$record" ] || return 0
  leave "$1"
  forget "$2" || fail "$record cannot be removed"
}
leave() {
  directory=\${1%/*}
  while [ -n "$directory" ] && [ -f $state/directories ] && grep -Fxq -e "$directory" $state/directories; do
    [ ! -d "$directory" ] || rmdir -- "$directory" 2>/dev/null || return 0
    grep -Fxv -e "$directory" $state/directories >$state/directories.new
    sync -- $state/directories.new && mv -f $state/directories.new $state/directories
    directory=\${directory%/*}
  done
  :
}
tidy() {
  rm -rf -- $state/original/.new-*
  if rmdir $state/original 2>/dev/null; then rm -f $state/directories $state/hashes $state/hashes.* $state/lock; rmdir $state 2>/dev/null; fi
  :
}
`;
