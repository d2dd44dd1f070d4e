import {
  copiesDirectory,
  copyFor,
  copySeconds,
  hasOtherMembers,
  needsCopy,
  noCopy,
  notRestored,
  type Datastore,
} from "../kubernetes/datastore";
import { datastoreFunctions } from "../kubernetes/datastore-script";
import { isOlderMinor } from "../kubernetes/version-skew";
import { quote } from "../ssh/shell";
import type { ServiceInputs } from "./schema";

/** What a transaction does with a server's datastore before the program is swapped. */
export interface DatastoreChange {
  /** `server/db`. */
  readonly directory: string;
  /** Who has written it, for the copy's name. */
  readonly version: string;
  /** Directory of the copy that takes the datastore's place. */
  readonly restore?: string;
  /** Seconds that this may take. */
  readonly seconds: number;
}

/** Copies that stay on the board. */
const copiesKept = 3;

/**
 * What becomes of the datastore when a staged program takes the place of the one that is there. That of an etcd with other members stays as it is.
 *
 * @param before - version of the program that is there, as it says itself.
 * @returns why it cannot be done, as text.
 */
export function planDatastore(
  { program }: Pick<ServiceInputs, "program">,
  before: string | undefined,
  there: Datastore | undefined,
): DatastoreChange | string | undefined {
  const directory = program?.upgrade?.datastore;
  if (program?.version === undefined || directory === undefined || there === undefined) return undefined;
  if (!needsCopy(before, program.version)) return undefined;
  const goesBack = program.upgrade?.restoreDatastore && before !== undefined && isOlderMinor(program.version, before);
  if (hasOtherMembers(there)) return goesBack ? notRestored(there.members) : undefined;
  const copy = goesBack ? copyFor(program.version, there.copies) : undefined;
  if (goesBack && copy === undefined) return noCopy(program.version);
  if (there.kind === "none" && copy === undefined) return undefined;
  return {
    directory,
    version: before ?? "unknown",
    ...(copy === undefined ? {} : { restore: copy.path }),
    seconds: copySeconds({ mebibytes: there.mebibytes + (copy?.mebibytes ?? 0) }),
  };
}

/** Shell of a transaction, while it is staged: is there room, and where does the copy go. Uses `new`, the transaction's directory to be. */
export function stageDatastore({ directory, version, restore }: DatastoreChange): string {
  const copies = copiesDirectory(directory);
  return `db=${quote(directory)}
kib=$(datastore_size "$db")${restore === undefined ? "" : ` && kib=$((kib + $(datastore_size ${quote(`${restore}/content`)})))`}
room $((kib + kib / 10 + 1024)) "$db"
printf '%s\\n' "$db" ${quote(copies)}/"$(next_copy ${quote(copies)} ${quote(version)})" >"$new/datastore" || fail "$new cannot be written"`;
}

/** Shell of a transaction, once it stands: the service stops, and what it has stored is copied. */
export function copyDatastore({ restore }: DatastoreChange): string {
  return `{ IFS= read -r db && IFS= read -r copy; } <"$transaction/datastore" || fail "$transaction/datastore cannot be read"
stop_unit || fail "$unit cannot be stopped"
copy_datastore "$db" "$copy" || fail "the datastore in $db cannot be copied"
${restore === undefined ? "" : `replace_datastore "$db" ${quote(restore)} || fail "the datastore cannot be restored"`}`;
}

/** Shell of a roll-back: the service stops, and the datastore of before is back, where this transaction has copied it. */
export const takeBackDatastore = `if [ -f "$transaction/datastore" ]; then
  { IFS= read -r db && IFS= read -r copy; } <"$transaction/datastore" || fail "$transaction/datastore cannot be read"
  stop_unit || fail "$unit cannot be stopped"
  take_back_datastore "$db" "$copy" || fail "the datastore in $db cannot be brought back"
fi`;

/** Shell of a confirmation: the copy stays, older ones go. */
export function keepCopies({ directory }: DatastoreChange): string {
  return `prune_copies ${quote(copiesDirectory(directory))} ${copiesKept}`;
}

/** Shell functions of the above; `unit` is the service. */
export const datastoreSteps = `${datastoreFunctions}
in_use() { case $(systemctl show -p ActiveState --value -- "$unit") in inactive|failed) return 1 ;; esac; }
stop_unit() { ! in_use || { systemctl stop "$unit"; ! in_use; }; }`;
