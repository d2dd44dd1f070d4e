import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import type { PrerequisitesConfig } from "./config";
import { plannedSettings } from "./settings";

/** Arguments of {@link Prerequisites}. */
export interface PrerequisitesArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: PrerequisitesConfig;
}

/** What the board has to be like before anything else is done on it. */
export class Prerequisites extends pulumi.ComponentResource {
  /** The connection, for everything that is to come after: what uses it waits until the board is as it has to be. */
  readonly connection: pulumi.Output<board.ConnectionArgs>;

  constructor(name: string, { connection, config }: PrerequisitesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:board:Prerequisites", name, {}, opts);
    const made = new Map<board.KindName, board.Setting>();
    for (const { kind, values, after } of plannedSettings(config)) {
      const dependsOn = after.flatMap((other) => made.get(other) ?? []);
      made.set(kind, new board.Setting(`${name}-${kind}`, { connection, kind, values }, { parent: this, dependsOn }));
    }
    const waited = pulumi.all([...made.values()].map(({ kind }) => kind));
    this.connection = waited.apply(() => pulumi.secret(connection));
    this.registerOutputs({});
  }
}
