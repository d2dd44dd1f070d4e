import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { backupScript } from "../../provider/kubernetes/backup-script";
import { backupProgram, backupService, backupTimer, backupUnit } from "./backup-units";
import type { K3sConfig } from "./config";
import { backupDirectory, datastoreDirectory } from "./configuration/files";

/** Arguments of {@link K3sBackup}. */
export interface K3sBackupArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: K3sConfig;
  /** What must be there before anything here. */
  readonly after: readonly pulumi.Resource[];
}

/** Scheduled copies of a server's SQLite datastore: a script, a service that runs it and a timer. Nothing of k3s is touched. */
export class K3sBackup extends pulumi.ComponentResource {
  constructor(name: string, args: K3sBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sBackup", name, {}, opts);
    const { connection, config } = args;
    const datastore = datastoreDirectory(config);
    const directory = backupDirectory(config);
    if (config.backup === undefined || datastore === undefined || directory === undefined)
      throw new Error("there is no datastore to copy");
    const { schedule, keep } = config.backup;
    const texts = {
      script: [backupProgram, backupScript({ datastore, directory, keep, version: config.version })],
      service: [`/etc/systemd/system/${backupUnit}.service`, backupService({ directory })],
      timer: [`/etc/systemd/system/${backupUnit}.timer`, backupTimer({ schedule })],
    } as const;
    const files = Object.entries(texts).map(
      ([part, [path, content]]) =>
        new board.File(
          `${name}-${part}`,
          { connection, path, content, mode: "0644" },
          { parent: this, dependsOn: [...args.after] },
        ),
    );
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    new board.DatastoreBackup(
      `${name}-schedule`,
      {
        connection,
        name: backupUnit,
        schedule,
        datastore,
        directory,
        triggers: { service: sha256(texts.service[1]), timer: sha256(texts.timer[1]) },
      },
      { parent: this, dependsOn: files },
    );
    this.registerOutputs({});
  }
}
