import { CoreV1Api } from "@kubernetes/client-node";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { clientFromBoard } from "./client";
import { datastoreFunctions } from "./datastore-script";
import { isOlderMinor, minorVersion } from "./version-skew";

/** A copy of a datastore, made while its server was stopped. */
export interface DatastoreCopy {
  /** What made it and its directory there: `upgrades/000003-v1.35.4+k3s1`, `backups/000012-v1.36.3+k3s1`. */
  readonly name: string;
  /** Its directory on the board. */
  readonly path: string;
  /** When it was made, in seconds since 1970 by the board's clock. */
  readonly made: number;
  /** The program that had written it. */
  readonly version: string;
  readonly mebibytes: number;
}

/** A datastore in files of the board, and the copies of it. */
export interface Datastore {
  /** Rounded up; 0 where there is none. */
  readonly mebibytes: number;
  readonly kind: "sqlite" | "etcd" | "none";
  /** Those that were made before an upgrade, oldest first. */
  readonly copies: readonly DatastoreCopy[];
  /** Those that were made on schedule, oldest first. */
  readonly backups: readonly DatastoreCopy[];
  /** Members of the embedded etcd, as far as the cluster or etcd's own configuration tells; 0 where neither does. */
  readonly members: number;
}

/** Where the copies of a datastore are: beside it, so that taking one back is a rename. */
export function copiesDirectory(directory: string): string {
  return `${directory}/k3s-board`;
}

/**
 * Prints what {@link parseDatastore} reads.
 *
 * @param backups - where scheduled copies are. Defaults to nowhere.
 */
export function datastoreFragment(directory: string, backups?: string): string {
  const kinds: readonly (readonly [string, string])[] = [
    ["upgrades", copiesDirectory(directory)],
    ...(backups === undefined ? [] : [["backups", backups] as const]),
  ];
  return `${datastoreFunctions}
db=${quote(directory)}
kind=none
[ ! -e "$db/state.db" ] || kind=sqlite
[ ! -e "$db/etcd" ] || kind=etcd
echo "Datastore=$kind $(datastore_size "$db") $(sed -n 's/^initial-cluster: //p' "$db/etcd/config" 2>/dev/null | tr ',' '\\n' | grep -c =)"
${kinds
  .map(
    ([kind, path]) => `copies_in ${quote(path)} | while IFS= read -r name; do
  copy=${quote(path)}/$name
  echo "Copy=$(datastore_size "$copy/content") $(stat -c %Y -- "$copy/content") ${kind} $copy"
done`,
  )
  .join("\n")}
:`;
}

/** Reads what {@link datastoreFragment} printed; `undefined` where it could not look: that is not the same as no datastore. */
export function parseDatastore(output: string): Datastore | undefined {
  const lines = output.split("\n");
  const [, kind, kib, members] = /^Datastore=(\w+) (\d+) (\d+)$/m.exec(output) ?? [];
  if (kind === undefined) return undefined;
  const found = lines.flatMap((line) => {
    const [, size, made, by = "", path = ""] = /^Copy=(\d+) (\d+) (upgrades|backups) (.*)$/.exec(line) ?? [];
    const [, directory = "", version] = /\/(\d+-([^/\s]+))$/.exec(path) ?? [];
    if (version === undefined) return [];
    const name = `${by}/${directory}`;
    return [{ by, copy: { name, path, version, made: Number(made), mebibytes: toMebibytes(Number(size)) } }];
  });
  const madeBy = (kind: string) => found.flatMap(({ by, copy }) => (by === kind ? [copy] : []));
  return {
    kind: kind === "sqlite" || kind === "etcd" ? kind : "none",
    mebibytes: toMebibytes(Number(kib)),
    members: Number(members),
    copies: madeBy("upgrades"),
    backups: madeBy("backups"),
  };
}

function toMebibytes(kib: number): number {
  return Math.ceil(kib / 1024);
}

/** Whether a datastore that one version has written is copied before another one gets it: patch versions leave its schema as it is. */
export function needsCopy(from: string | undefined, to: string): boolean {
  return from === undefined || minorVersion(from) === undefined || minorVersion(from) !== minorVersion(to);
}

/** The newest copy that a program of the same minor version has written. */
export function copyFor(version: string, copies: readonly DatastoreCopy[]): DatastoreCopy | undefined {
  return copies.findLast((copy) => minorVersion(copy.version) === minorVersion(version));
}

/** Seconds for stopping the server and copying the datastore, on a card that writes 2 MiB a second. */
export function copySeconds({ mebibytes }: Pick<Datastore, "mebibytes">): number {
  return 120 + mebibytes / 2;
}

/**
 * How many members the etcd of a cluster has: by the nodes' label. Where no API server answers, what was known before counts, and etcd's own
 * configuration: that of the first server names itself only, and that of one that was started again nobody.
 *
 * @param kubeconfig - path on the board.
 * @param remembered - how many there were when the cluster was last asked. Defaults to nobody knows.
 */
export async function etcdMembers(
  board: Board,
  kubeconfig: string,
  { members }: Pick<Datastore, "members">,
  remembered = 0,
): Promise<number> {
  try {
    const api = (await clientFromBoard(board, kubeconfig)).api(CoreV1Api);
    const { items } = await api.listNode({ labelSelector: "node-role.kubernetes.io/etcd=true" });
    return Math.max(items.length, members);
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return Math.max(members, remembered);
  }
}

/** What a preview says of a server that starts with an embedded etcd and has its data in SQLite. k3s moves it and keeps the old file aside. */
export function migrationNotes(there: Datastore | undefined): string[] {
  if (there?.kind !== "sqlite") return [];
  return [
    "k3s moves its datastore from SQLite to an embedded etcd at this start: there is no way back, and a roll-back of the files leaves it there. " +
      "Save a copy before",
  ];
}

/** Another version in a program's place. */
export interface VersionChange {
  /** Version of the program that is there, where it is known. */
  readonly from?: string;
  readonly to?: string;
  /** A way back to an older minor version begins with a copy. */
  readonly restore: boolean;
  /** The service runs. */
  readonly running: boolean;
}

/** What a preview says of the datastore when the program changes from one version to another. */
export function datastoreNotes({ from, to, restore, running }: VersionChange, there: Datastore | undefined): string[] {
  if (to === undefined || !needsCopy(from, to)) return [];
  const goesBack = restore && from !== undefined && isOlderMinor(to, from);
  const unless = from === undefined ? ", unless the minor version stays" : "";
  if (there !== undefined && hasOtherMembers(there))
    return [goesBack ? notRestored(there.members) : `${snapshotNote(there.members, running)}${unless}`];
  const size = there === undefined ? "" : ` (${there.mebibytes} MB)`;
  const copied =
    there?.kind === "none" ? "there is no datastore to copy" : `copies the datastore${size} first${unless}`;
  if (!goesBack || there === undefined) return [copied];
  const copy = copyFor(to, there.copies);
  if (copy === undefined) return [copied, noCopy(to)];
  return [
    copied,
    `restores the datastore that ${copy.version} had left (copy ${copy.name}, ${copy.mebibytes} MB); what was written since then is lost`,
  ];
}

/**
 * Whether a datastore is shared with other members of an etcd. It is not copied then: the data of one of them cannot be brought back by itself, and
 * the others go on with what they have.
 */
export function hasOtherMembers({ kind, members }: Pick<Datastore, "kind" | "members">): boolean {
  return kind === "etcd" && members > 1;
}

/** What takes the place of a copy for the datastore of one of several servers. */
function snapshotNote(members: number, running: boolean): string {
  return running
    ? `its etcd has ${members} members: an etcd snapshot is saved first (k3s etcd-snapshot save); a roll-back of this server leaves what was written`
    : `its etcd has ${members} members, and this one does not run: no etcd snapshot is saved, the other servers hold the data; a roll-back of this ` +
        "server leaves what was written";
}

/** Why the datastore of one of several servers cannot be restored. */
export function notRestored(members: number): string {
  return (
    `its etcd has ${members} members: the data of one of them cannot be brought back by itself. Go back with k3s.allowDowngrade: true, which ` +
    "leaves the datastore as it is, or restore a snapshot by hand (k3s server --cluster-reset)"
  );
}

/** Why a datastore cannot be restored. */
export function noCopy(version: string): string {
  return `there is no copy of a datastore that v${minorVersion(version)} has written; k3s.allowDowngrade: true goes back with the datastore as it is`;
}
