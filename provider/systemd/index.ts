import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";
import type { NodeAccessArgs } from "../kubernetes";

/** A file that a service reads at start. */
export interface ServiceFileArgs {
  /** Absolute path on the board. */
  path: pulumi.Input<string>;
  /** Text of the file. A secret stays one. */
  content: pulumi.Input<string>;
  /** Octal mode, four digits. Defaults to `"0644"`; a file with a secret wants `"0600"`. */
  mode?: pulumi.Input<string>;
  /** User, by name or number. Defaults to `"root"`. */
  owner?: pulumi.Input<string>;
  /** Group, by name or number. Defaults to `"root"`. */
  group?: pulumi.Input<string>;
}

/** What holds when a program is replaced by that of another version, see {@link ServiceProgramArgs}. */
export interface ServiceUpgradeArgs {
  kind: "kubernetes";
  /** Consent to an older minor version. */
  allowDowngrade: pulumi.Input<boolean>;
  /** Absolute path of the datastore. Defaults to none. */
  datastore?: pulumi.Input<string>;
  /** Whether a way back begins with a copy of the datastore. Defaults to false. */
  restoreDatastore?: pulumi.Input<boolean>;
  /** The server is told to have an embedded etcd: one with SQLite moves there at its next start. Defaults to false. */
  embeddedEtcd?: pulumi.Input<boolean>;
  /** Where the server answers on its own board. Defaults to `https://127.0.0.1:6443`. */
  server?: pulumi.Input<string>;
  /** Absolute path of the directory of the snapshots of an embedded etcd. Defaults to `snapshots` in `datastore`. */
  snapshots?: pulumi.Input<string>;
}

/** The program that a service runs, where it is a file of this machine. */
export interface ServiceProgramArgs {
  /** Absolute path on the board. */
  path: pulumi.Input<string>;
  /** Path of the file on this machine. `~/` is the home directory. */
  source: pulumi.Input<string>;
  /** Expected SHA-256 of the file, lower-case hex; a `source` with another one is refused. Defaults to what the file has. */
  sha256?: pulumi.Input<string>;
  /** Octal mode, four digits. Defaults to `"0755"`. */
  mode?: pulumi.Input<string>;
  /** User, by name or number. Defaults to `"root"`. */
  owner?: pulumi.Input<string>;
  /** Group, by name or number. Defaults to `"root"`. */
  group?: pulumi.Input<string>;
  /**
   * The version that `<program> --version` must print on the board before the program is used; without a suffix (`1.36.3`) any suffix will do.
   * Defaults to no such test.
   */
  version?: pulumi.Input<string>;
  /**
   * Which versions may follow one another: those of a Kubernetes server, one minor version up at a time and, with `allowDowngrade`, back.
   * Judged before anything is changed. Defaults to all.
   *
   * `datastore` is where a server keeps its datastore (k3s: `<data-dir>/server/db`): it is copied, while the server is stopped, before a program
   * of another minor version gets it, and is back when the change is rolled back. Defaults to none, for a datastore elsewhere. With
   * `restoreDatastore` a way back to an older minor version begins with the newest copy that a program of that one had left; what was written
   * since then is lost. Defaults to false. Of an embedded etcd with several members no copy is made: the program that is there saves a snapshot of
   * it (`k3s etcd-snapshot save`), and the change is refused where it cannot.
   */
  upgrade?: pulumi.Input<ServiceUpgradeArgs>;
}

/** When a service counts as healthy, besides being active and not restarting for three seconds. */
export type HealthArgs =
  /** Nothing more. */
  | { kind: "active" }
  /** A URL, as seen from the board, answers with a status below 500. `ca`: PEM of the CA of an https URL. Defaults to the public ones. */
  | { kind: "http"; url: pulumi.Input<string>; ca?: pulumi.Input<string> }
  /**
   * The API server of the kubeconfig on the board answers and the node is Ready. `node` defaults to all nodes; of the one that is named, kubelet
   * must have been heard of since the start, and its pods that were Ready before must be Ready again. With `networkLater` a node counts that
   * lacks nothing but its pods' network, which something else brings later. Defaults to false.
   */
  | {
      kind: "kubernetes";
      kubeconfig: pulumi.Input<string>;
      node?: pulumi.Input<string>;
      networkLater?: pulumi.Input<boolean>;
    };

/** The node that a service runs, and how its pods leave it before the service restarts. */
export interface ServiceDrainArgs extends NodeAccessArgs {
  /** Seconds for its pods to leave; PodDisruptionBudgets are heeded for so long, then the service restarts with what is left on it. */
  timeoutSeconds: pulumi.Input<number>;
}

/**
 * What a service's program writes by itself and does not wait for until it is on disk: all of it is there before a change begins and once one is
 * confirmed. Paths are absolute.
 */
export interface ServiceProgramDataArgs {
  /** Where it writes. */
  directory: pulumi.Input<string>;
  /**
   * Where it unpacks programs that it runs, each set in a directory that is named by a checksum, with checksums in `bin/.sha256sums` (k3s:
   * `<data-dir>/data`). Sets that a power cut has damaged are removed before a start, so that they are unpacked anew.
   */
  unpackedPrograms: pulumi.Input<string>;
  /** Directories with its keys, certificates and tokens, those below them apart: files without content are removed before a start. */
  credentials: pulumi.Input<pulumi.Input<string>[]>;
  /** What its first start makes, and what is only of use together. Where the board boots before that start is confirmed, all of it is removed. */
  begins: pulumi.Input<pulumi.Input<string>[]>;
}

/** Arguments of {@link SystemdService}. */
export interface SystemdServiceArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Name of the unit without `.service`. A change replaces the resource. */
  name: pulumi.Input<string>;
  /** Text of `/etc/systemd/system/<name>.service`. Defaults to the unit that the board has. */
  unit?: pulumi.Input<string>;
  /**
   * The program of the unit's `ExecStart`: it is tried on the board before it is used, swapped with the files and comes back with them. Defaults
   * to none, for a program that the board has.
   */
  program?: pulumi.Input<ServiceProgramArgs>;
  /**
   * Absolute path of a program that the board has itself and that stays as it is: another file in its place, newer than the running process,
   * restarts the service. Defaults to none; not together with `program`.
   */
  watchedProgram?: pulumi.Input<string>;
  /**
   * What the program is started with: `names` are the flags of its command line and the keys of its configuration files, without dashes, that the
   * help of its `command` (`server` for `k3s server --help`) lists; `program` is its absolute path, that of `program` or `watchedProgram` where
   * there is one. Before a change that replaces the program or restarts the service, the program's own help is read on the board, from a staged
   * one where it is staged, and a flag that is not listed there is refused while all is as it was. A help with fewer than ten flags says
   * nothing. Defaults to no such test. By itself never a reason for an update.
   */
  flags?: pulumi.Input<{
    program: pulumi.Input<string>;
    command: pulumi.Input<string>;
    names: pulumi.Input<pulumi.Input<string>[]>;
  }>;
  /**
   * A datastore in files that one of its copies can take the place of: of those that were made before an upgrade, or of the scheduled ones in
   * `backups`. `version` is the program's. It happens in the one run whose environment names a copy (`K3S_BOARD_RESTORE`). Defaults to none.
   */
  datastoreCopies?: pulumi.Input<{
    datastore: pulumi.Input<string>;
    backups?: pulumi.Input<string>;
    version: pulumi.Input<string>;
  }>;
  /**
   * The certificates of a k3s: `program` makes those in its data directory `dataDir` anew (`certificate rotate`), in the one run whose environment
   * asks for it (`K3S_BOARD_ROTATE_CERTIFICATES`). Defaults to none. By itself never a reason for an update.
   */
  certificates?: pulumi.Input<{ program: pulumi.Input<string>; dataDir: pulumi.Input<string> }>;
  /** What the program writes by itself, so that a power cut does no lasting harm to it. Defaults to none. By itself never a reason for an update. */
  programData?: pulumi.Input<ServiceProgramDataArgs>;
  /** Drop-ins and configuration: all that the service reads at start. Defaults to none. */
  files?: pulumi.Input<pulumi.Input<ServiceFileArgs>[]>;
  /** Whether it starts at boot. Defaults to true. */
  enabled?: pulumi.Input<boolean>;
  /** Whether it runs. Defaults to true. */
  running?: pulumi.Input<boolean>;
  /** Whatever else restarts the service when it changes: the version of the package that brings its program. Defaults to nothing. */
  restartTriggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** When it is healthy after a restart. Defaults to `{ kind: "active" }`. */
  health?: pulumi.Input<HealthArgs>;
  /** Seconds for it to become healthy; then the previous files come back. Defaults to 120. */
  timeoutSeconds?: pulumi.Input<number>;
  /**
   * The node is cordoned and drained before a running service restarts, and uncordoned afterwards, also after a roll-back. Defaults to none: pods
   * stay where they are. By itself never a reason for an update.
   */
  drain?: ServiceDrainArgs;
  /**
   * The node that it runs: a preview of a restart names the pods there. Defaults to that of `drain`, or of `health` where its kind is `kubernetes`.
   * By itself never a reason for an update.
   */
  cluster?: NodeAccessArgs;
  /** Whether deleting the resource deletes the unit's `StateDirectory` too. Defaults to false. */
  removeState?: pulumi.Input<boolean>;
}

/**
 * A systemd service together with its program and all files that it reads at start: one change of any of them is one transaction with one
 * restart.
 *
 * The files are staged and the unit is verified before anything is touched; the service restarts once; if it does not become healthy in its
 * time, the previous files are back and it restarts with them. The board does that by itself when we are gone. Deleting the resource puts
 * back what was there: a unit of the distribution runs, and starts at boot, as it did before.
 */
export class SystemdService extends pulumi.CustomResource {
  /** Name of the unit without `.service`. */
  declare readonly name: pulumi.Output<string>;

  constructor(name: string, args: SystemdServiceArgs, options?: pulumi.CustomResourceOptions) {
    const drain = args.drain === undefined ? {} : { drain: secretConnection(args.drain) };
    const cluster = args.cluster === undefined ? {} : { cluster: secretConnection(args.cluster) };
    super("board:index:SystemdService", name, secretConnection({ ...args, ...drain, ...cluster }), options);
  }
}
