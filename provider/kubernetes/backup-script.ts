import { quote } from "../ssh/shell";
import { datastoreFunctions, isOwn, markOwn, notOwn } from "./datastore-script";

/** What a scheduled backup of a SQLite datastore is made from. */
export interface BackupScriptArgs {
  /** Where the datastore is: `<data-dir>/server/db`. */
  readonly datastore: string;
  /** Where the copies go. */
  readonly directory: string;
  /** How many copies stay. */
  readonly keep: number;
  /** Who writes the datastore, for the copies' names. */
  readonly version: string;
}

/** How often a copy is begun anew because the database was written meanwhile. */
const attempts = 40;

/**
 * Shell function `hot_copy DB TARGET`: a consistent copy of a SQLite database that a server is writing, with nothing but files.
 *
 * In WAL mode, which k3s uses, commits are appended to `state.db-wal`, each frame with a checksum that goes on from the one before, and
 * `state.db` is written at checkpoints only. So the two files belong together when neither a checkpoint nor a new beginning of the log falls
 * between the first byte and the last: the main file has kept its inode, size and time of change, and the log its header, whose salts are other
 * ones after each new beginning. What is appended meanwhile is in the copy or not, and a commit that is in it in part is ignored by SQLite. The
 * same holds with a rollback journal, where every commit writes the main file and a journal is there while it does.
 *
 * The clock of file systems ticks coarsely. The signs have to be the same for more than a second before the copy begins, so that whatever is
 * written later gets another time.
 */
export const hotCopy = `signs() {
  stat -c '%i %s %.9Y' -- "$1/state.db" && [ ! -s "$1/state.db-journal" ] || return 1
  [ ! -e "$1/state.db-wal" ] || { stat -c %i -- "$1/state.db-wal"; head -c 32 -- "$1/state.db-wal" | od -An -v -tx1; }
}
hot_copy() {
  attempt=0
  while [ $attempt -lt ${attempts} ]; do
    attempt=$((attempt + 1))
    before=$(signs "$1")
    sleep 1.2
    [ -n "$before" ] && [ "$(signs "$1")" = "$before" ] || continue
    rm -f -- "$2/state.db" "$2/state.db-wal"
    cp -- "$1/state.db" "$2/state.db" || return 1
    [ ! -e "$1/state.db-wal" ] || cp -- "$1/state.db-wal" "$2/state.db-wal" || return 1
    [ "$(signs "$1")" = "$before" ] && return 0
  done
  rm -f -- "$2/state.db" "$2/state.db-wal"
  return 75
}`;

/** The script that makes one copy, as those before an upgrade are, and removes old ones. A copy is there whole or not at all. */
export function backupScript({ datastore, directory, keep, version }: BackupScriptArgs): string {
  return `#!/bin/sh
# Copies k3s's SQLite datastore while k3s runs.
umask 077
fail() { printf '%s\\n' "$*" >&2; exit 1; }
${datastoreFunctions}
${isOwn}
${hotCopy}
db=${quote(datastore)} copies=${quote(directory)}
mkdir -p -- "$copies" || fail "$copies cannot be made"
exec 9>"$copies/.lock"
flock -n 9 || fail "another backup is under way"
is_own "$copies" || fail "${notOwn}"
[ -e "$db/state.db" ] || fail "there is no SQLite datastore in $db"
kib=$(datastore_size "$db")
free=$(df --output=avail -k -- "$copies" | tail -n 1)
[ "$free" -gt $((kib + kib / 10 + 1024)) ] || fail "no space: a copy needs $kib KiB, $copies has $free KiB left"
unfinished=$copies/.unfinished
${markOwn} || fail "$copies/.board cannot be written"
rm -rf -- "$unfinished" && mkdir -- "$unfinished" "$unfinished/content" || fail "$unfinished cannot be made"
hot_copy "$db" "$unfinished/content" || { rm -rf -- "$unfinished"; fail "the datastore was written all the time, or cannot be read: no copy was made"; }
[ ! -f "\${db%/*}/token" ] || cp -aL -- "\${db%/*}/token" "$unfinished/token" || fail "the token cannot be copied"
name=$(next_copy "$copies" ${quote(version)})
sync_tree "$unfinished" && mv -T -- "$unfinished" "$copies/$name" && sync -- "$copies" || fail "$copies/$name cannot be written"
prune_copies "$copies" ${keep}
echo "$copies/$name"
`;
}
