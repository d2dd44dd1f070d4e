import { originals } from "../files/originals";
import { quote } from "../ssh/shell";
import { datastoreFunctions } from "./datastore-script";

/** A snapshot of an embedded etcd, as the k3s that runs saves it. */
export interface EtcdSnapshot {
  /** Path of the k3s that is there. */
  readonly program: string;
  /** Version of it, where it says one. */
  readonly version?: string;
  /** `<data-dir>/server/db`. */
  readonly datastore: string;
  /** Directory of the snapshots. Defaults to k3s's own, `snapshots` in the datastore. */
  readonly directory?: string;
  /** Where it answers on its own board: `https://127.0.0.1:6443`. */
  readonly server: string;
  /** Seconds that saving may take. */
  readonly seconds: number;
}

/** How the names of our snapshots begin; k3s puts the node's name and the time behind. */
const prefix = "k3s-board";
/** Our snapshots that stay on a board. */
const kept = 3;
/** Seconds for k3s to print its flags: it is started for that, and nothing else happens. */
const helpSeconds = 60;

/**
 * Seconds for a snapshot on a card that writes 2 MiB a second. k3s itself gives up after two minutes, and after seven where a snapshot goes to S3 as
 * well (pkg/cli/etcdsnapshot); before 1.30 it does not.
 */
export function snapshotSeconds({ mebibytes }: { readonly mebibytes: number }): number {
  return 480 + mebibytes / 2;
}

/**
 * Base name of a snapshot: `k3s-board-v1.35.4.k3s1`. Without the `+` of a version, which is no character for the name of an object in the cluster or
 * in S3, and without a `-`, so that it is plain where the node's name begins.
 */
export function snapshotName(version = "unknown"): string {
  return `${prefix}-${version.replaceAll(/[^A-Za-z0-9.]+/g, ".")}`;
}

/**
 * Saves a snapshot with the k3s that is there, and removes our snapshots of this node but the newest. Prints `saved=` and the snapshot's path; says
 * why on stderr where it fails.
 *
 * - k3s reads its configuration files for this command too (pkg/configfilearg): compression and S3 are as they are there.
 * - Which server is asked is a flag of k3s 1.30.3, `--server` for two releases before that, and none before, when the command reached etcd by itself.
 *   Those two releases take the server that was joined from the configuration, unless another one is given. k3s is asked which flag it has.
 * - A snapshot that fails may end with status 0 (pkg/etcd/snapshot.go): only a file that is there counts.
 * - `k3s etcd-snapshot prune` goes by the name and the node up to 1.27, by the beginning of the name later, in S3 over all nodes: so files are removed
 *   here, with what k3s keeps beside them. k3s forgets those that are gone when it starts, which it does next.
 */
export function snapshotScript(snapshot: EtcdSnapshot): string {
  const { program, version, datastore, directory = `${datastore}/snapshots`, server, seconds } = snapshot;
  const name = snapshotName(version);
  const dataDirectory = /^(\/.+)\/server\/db$/.exec(datastore)?.[1];
  const flags = [
    ...(dataDirectory === undefined ? [] : ["--data-dir", dataDirectory]),
    ...["--etcd-snapshot-dir", directory, "--name", name],
  ];
  return `${originals}
${datastoreFunctions}
program=${quote(program)} directory=${quote(directory)}
snapshots() { ls -1 -- "$directory" 2>/dev/null | grep -E -e "^$1-$2-[0-9]+(\\.zip)?$"; }
kib=$(datastore_size ${quote(datastore)})
room $((kib + kib / 10 + 1024)) "$directory"
flag=$(timeout -k 5 ${helpSeconds} "$program" etcd-snapshot save --help 2>/dev/null </dev/null | grep -oE -e '--(etcd-)?server' | head -n 1)
before=$(snapshots ${quote(name.replaceAll(".", "\\."))} '.+')
timeout -k 10 ${Math.ceil(seconds)} "$program" etcd-snapshot save ${flags.map(quote).join(" ")} \${flag:+"$flag" ${quote(server)}} </dev/null >&2 || {
  case $? in 124|137) fail "it took longer than ${Math.ceil(seconds)} s" ;; esac
  exit 1
}
saved=$(snapshots ${quote(name.replaceAll(".", "\\."))} '.+' | grep -vxF -e "$before" | tail -n 1)
[ -n "$saved" ] && [ -s "$directory/$saved" ] || fail "it has left no snapshot in $directory"
node=$(printf '%s\\n' "$saved" | sed -E 's/\\.zip$//; s/-[0-9]+$//; s/^${prefix}-[A-Za-z0-9.]+-//; s/\\./\\\\./g')
snapshots '${prefix}-[A-Za-z0-9.]+' "$node" | sed -E 's/^(.*-([0-9]+)(\\.zip)?)$/\\2 \\1/' | sort -rn | tail -n +${kept + 1} | cut -d ' ' -f 2- |
  while IFS= read -r old; do rm -f -- "$directory/$old" "\${directory%/*}/.metadata/$old"; done
printf 'saved=%s\\n' "$directory/$saved"`;
}
