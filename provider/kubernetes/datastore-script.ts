import { quote } from "../ssh/shell";

/**
 * Files of k3s's datastore below `server/db`: SQLite's database with its write-ahead log, or the data directory of an embedded etcd. Only those
 * that are there are copied.
 */
const datastoreFiles = ["state.db", "state.db-wal", "state.db-shm", "state.db-journal", "etcd"] as const;

/**
 * Shell functions for the datastore of a server that is stopped.
 *
 * - `datastore_size DIR`: its KiB.
 * - `copy_datastore DB COPY`: a copy that is there whole or not at all, on disk, root's only. The token comes along: k3s encrypts what it
 *   bootstraps from with it.
 * - `take_back_datastore DB COPY`: the copy becomes the datastore, by renames. Without a copy nothing happens, and after an interruption it
 *   goes on where it was; the copy is gone before anything can write to the datastore again.
 * - `replace_datastore DB COPY`: the same content as the copy, which stays.
 * - `copies_in DIRECTORY`: the names of the copies there, oldest first. The directory may be the user's, with more in it.
 * - `next_copy DIRECTORY VERSION`: name of the next one.
 * - `prune_copies DIRECTORY NUMBER`: the newest stay.
 */
export const datastoreFunctions = `datastore_files="${datastoreFiles.join(" ")}"
datastore_size() (
  cd "$1" 2>/dev/null || { echo 0; exit 0; }
  set --
  for file in $datastore_files; do [ ! -e "$file" ] || set -- "$@" "$file"; done
  [ $# -gt 0 ] || { echo 0; exit 0; }
  du -skc -- "$@" | tail -n 1 | cut -f 1
)
sync_tree() { find "$1" \\( -type f -o -type d \\) -exec sync -- {} +; }
copy_datastore() {
  unfinished=\${2%/*}/.unfinished
  rm -rf -- "$unfinished" && ( umask 077; mkdir -p -- "$unfinished/content" ) || return 1
  for file in $datastore_files; do
    [ ! -e "$1/$file" ] || cp -a --reflink=auto -- "$1/$file" "$unfinished/content/" || return 1
  done
  [ ! -f "\${1%/*}/token" ] || cp -aL -- "\${1%/*}/token" "$unfinished/token" || return 1
  sync_tree "$unfinished" && mv -T -- "$unfinished" "$2" && sync -- "\${2%/*}" "$1"
}
take_back_datastore() {
  rm -rf -- "\${2%/*}/.unfinished" "$1/.k3s-board-restored"
  if [ -d "$2" ]; then
    if [ ! -e "$2/taken" ]; then
      mkdir -p -- "$2/failed" || return 1
      for file in $datastore_files; do [ ! -e "$1/$file" ] || mv -T -- "$1/$file" "$2/failed/$file" || return 1; done
      : >"$2/taken" && sync -- "$2/taken" "$2" || return 1
    fi
    for file in $datastore_files; do [ ! -e "$2/content/$file" ] || mv -T -- "$2/content/$file" "$1/$file" || return 1; done
    sync -- "$1" && rm -rf -- "\${2%/*}/.taken" && mv -T -- "$2" "\${2%/*}/.taken" && sync -- "\${2%/*}" || return 1
  fi
  rm -rf -- "\${2%/*}/.taken"
  rmdir -- "\${2%/*}" 2>/dev/null
  :
}
replace_datastore() {
  fresh=$1/.k3s-board-restored
  for file in $datastore_files; do rm -rf -- "$1/$file" || return 1; done
  rm -rf -- "$fresh" && ( umask 077; mkdir -- "$fresh" ) && cp -a --reflink=auto -- "$2/content/." "$fresh/" && sync_tree "$fresh" || return 1
  for file in $datastore_files; do [ ! -e "$fresh/$file" ] || mv -T -- "$fresh/$file" "$1/$file" || return 1; done
  rm -rf -- "$fresh"
  sync -- "$1"
}
copies_in() {
  ls -1 -- "$1" 2>/dev/null | grep -E '^[0-9]{6,}-' | sort -n | while IFS= read -r name; do [ ! -d "$1/$name/content" ] || printf '%s\\n' "$name"; done
}
next_copy() {
  number=$(copies_in "$1" | sed -n '$s/^0*\\([0-9]*\\)-.*/\\1/p')
  printf '%06d-%s' $((\${number:-0} + 1)) "$2"
}
prune_copies() {
  copies_in "$1" | sort -rn | tail -n +$(($2 + 1)) | while IFS= read -r old; do rm -rf -- "$1/$old"; done
}`;

/**
 * Shell function `is_own DIRECTORY`: whether the scheduled copies there are this board's, by the mark that {@link markOwn} leaves with them. Two
 * boards may share a file system, and each would count, restore and remove the other's copies.
 */
export const isOwn = `is_own() { [ ! -s "$1/.board" ] || [ "$(cat -- "$1/.board")" = "$(cat /etc/machine-id 2>/dev/null)" ]; }`;

/** Shell that marks the directory of scheduled copies in `$copies` as this board's. */
export const markOwn = `[ -s "$copies/.board" ] || [ ! -s /etc/machine-id ] || cat /etc/machine-id >"$copies/.board"`;

/** What is said where the directory in shell variable `copies` is another board's. */
export const notOwn =
  "$copies has the copies of another board: give this one a directory of its own (k3s.backup.directory), or remove $copies/.board where that board is no more";

/** Shell that removes the scheduled copies in a directory, and the directory where nothing else is in it. Those of another board stay. */
export function removeCopies(directory: string): string {
  return `${datastoreFunctions}
${isOwn}
copies=${quote(directory)}
if is_own "$copies"; then
  prune_copies "$copies" 0
  rm -rf -- "$copies/.unfinished" "$copies/.lock" "$copies/.board"
  rmdir -- "$copies" 2>/dev/null
fi
:`;
}
