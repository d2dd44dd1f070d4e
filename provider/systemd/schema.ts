import { z } from "zod";
import { absolutePath, accountName, fileMode } from "../files/schema";
import type { Datastore } from "../kubernetes/datastore";
import { nodeAccess } from "../kubernetes/node-object";
import { connectionArgs } from "../ssh/connection-args";

const serviceFile = z.strictObject({
  path: absolutePath,
  content: z.string(),
  mode: fileMode.default("0644"),
  owner: accountName.default("root"),
  group: accountName.default("root"),
});

const program = z.strictObject({
  path: absolutePath,
  source: z.string().min(1),
  sha256: z.string().optional(),
  mode: fileMode.default("0755"),
  owner: accountName.default("root"),
  group: accountName.default("root"),
  version: z.string().min(1).optional(),
  upgrade: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("kubernetes"),
        allowDowngrade: z.boolean(),
        datastore: absolutePath.optional(),
        restoreDatastore: z.boolean().default(false),
        /** The server is told to have an embedded etcd. */
        embeddedEtcd: z.boolean().default(false),
        /** Where the server answers on its own board. */
        server: z.url().default("https://127.0.0.1:6443"),
        /** Where an embedded etcd's snapshots are. */
        snapshots: absolutePath.optional(),
      }),
    ])
    .optional(),
});

/** What the service's program is started with. Its own help is asked whether it has these flags, before anything is changed. */
const flags = z.strictObject({
  program: absolutePath,
  command: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be a command of the program"),
  names: z.array(z.string().min(1)),
});

const health = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("active") }),
  z.strictObject({ kind: z.literal("http"), url: z.url({ protocol: /^https?$/ }), ca: z.string().optional() }),
  z.strictObject({
    kind: z.literal("kubernetes"),
    kubeconfig: absolutePath,
    node: z.string().min(1).optional(),
    networkLater: z.boolean().optional(),
  }),
]);

const certificates = z.strictObject({ program: absolutePath, dataDir: absolutePath });

const programData = z.strictObject({
  directory: absolutePath,
  unpackedPrograms: absolutePath,
  credentials: z.array(absolutePath),
  begins: z.array(absolutePath),
});

const drain = nodeAccess.extend({ timeoutSeconds: z.number().positive() });

export const serviceInputs = z.strictObject({
  connection: connectionArgs,
  name: z
    .string()
    .regex(/^[A-Za-z0-9:_.@-]+$/, "must be the name of a unit")
    .refine((name) => !name.endsWith(".service"), "is given without .service"),
  unit: z.string().optional(),
  program: program.optional(),
  watchedProgram: absolutePath.optional(),
  flags: flags.optional(),
  datastoreCopies: z
    .strictObject({ datastore: absolutePath, backups: absolutePath.optional(), version: z.string().min(1) })
    .optional(),
  certificates: certificates.optional(),
  programData: programData.optional(),
  files: z.array(serviceFile).default([]),
  enabled: z.boolean().default(true),
  running: z.boolean().default(true),
  restartTriggers: z.record(z.string(), z.string()).default({}),
  health: health.default({ kind: "active" }),
  timeoutSeconds: z.number().positive().max(3600).default(120),
  drain: drain.optional(),
  /** The node that it runs, for what a restart means there: of no matter where `drain` says it. */
  cluster: nodeAccess.optional(),
  removeState: z.boolean().default(false),
});

/** A file that a service reads at start. */
export type ServiceFile = z.output<typeof serviceFile>;
/** The program that a service runs; `sha256` is filled in by `check`. */
export type ServiceProgram = z.output<typeof program>;
/** What makes a k3s's certificates anew, and where they are. */
export type ServiceCertificates = z.output<typeof certificates>;
/** What a service's program writes by itself. */
export type ServiceProgramData = z.output<typeof programData>;
/** The node that a service runs, and how it is drained before a restart. */
export type ServiceDrain = z.output<typeof drain>;
export type Health = z.output<typeof health>;
export type ServiceInputs = z.output<typeof serviceInputs>;

/** What is kept of a service: its inputs, and what the board said. */
export interface ServiceState extends ServiceInputs {
  /** A change of ours was begun and neither confirmed nor taken back: a run was killed, or the board lost power. */
  readonly unsettled: boolean;
  /** Such a change is confirmed or taken back, but the run was interrupted before its last traces were gone. */
  readonly unfinished?: boolean;
  /** Its node may be cordoned by a run that did not come to its end. */
  readonly cordoned?: boolean;
  /** Unit files changed on disk after systemd read them. */
  readonly needsDaemonReload: boolean;
  /** The program was replaced after the service started: what runs is not what is there. */
  readonly programReplaced: boolean;
  /** The datastore of `program.upgrade` or of `datastoreCopies`, and the copies of it. */
  readonly datastore?: Datastore;
  /** It ran before our first write: a deletion restarts it with what was there then. */
  readonly wasUp?: boolean;
  /** It was enabled or disabled then; not there for a unit that could be neither. */
  readonly wasEnabled?: boolean;
}

/** Where a unit of ours is. */
export function unitPath(name: string): string {
  return `/etc/systemd/system/${name}.service`;
}

/** All files of a service, its unit among them as one more. */
export function filesOf({ name, unit, files }: Pick<ServiceInputs, "name" | "unit" | "files">): ServiceFile[] {
  if (unit === undefined) return [...files];
  return [{ path: unitPath(name), content: unit, mode: "0644", owner: "root", group: "root" }, ...files];
}

/** Whether systemd reads the file itself, so that a change of it needs a daemon-reload. */
export function isUnitFile(path: string): boolean {
  return path.startsWith("/etc/systemd/system/");
}
