import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import type { PrerequisitesConfig } from "./config";
import type { Openings } from "./ports";
import { type PlannedSetting, plannedSettings } from "./settings";

/** Whether only a boot applies a setting, wholly or in part. */
function mayWaitForBoot({ kind, values }: PlannedSetting): boolean {
  return kind === "kernelCommandLine" || values.selinux === "disabled" || Object.values(values).includes("blacklisted");
}

/** Arguments of {@link Prerequisites}. */
export interface PrerequisitesArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: PrerequisitesConfig;
  /** What the cluster needs of the board's firewall. */
  readonly openings: Openings;
  /** What has to be there, and well, before the board may go down: the other nodes of a cluster. Defaults to nothing. */
  readonly beforeReboot?: readonly pulumi.Resource[];
  /** The node that the board is, or is to be, for a preview of a reboot. Defaults to that of a k3s server on the board. */
  readonly cluster?: board.NodeAccessArgs;
}

/** What the board has to be like before anything else is done on it. */
export class Prerequisites extends pulumi.ComponentResource {
  /** The connection, for everything that is to come after: what uses it waits until the board is as it has to be. */
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Changes with each reboot of ours: what waits for the health of the board has to look again. */
  readonly rebooted?: pulumi.Output<string>;
  /** The boot that this reboot ended: what waits for the board's node must not take it for what it was then. */
  readonly formerBoot?: pulumi.Output<string>;

  constructor(
    name: string,
    { connection, config, openings, beforeReboot = [], cluster }: PrerequisitesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("k3s-board:board:Prerequisites", name, {}, opts);
    const settings = plannedSettings(config, openings);
    const made = new Map<board.KindName, board.Setting>();
    for (const { kind, values, after } of settings) {
      const dependsOn = after.flatMap((other) => made.get(other) ?? []);
      made.set(kind, new board.Setting(`${name}-${kind}`, { connection, kind, values }, { parent: this, dependsOn }));
    }
    const waiting = settings.filter(mayWaitForBoot).map(({ kind, values }) => ({ kind, values }));
    const isAllowed = config.reboot === "allowed";
    const reboot =
      waiting.length === 0 && !config.rebootForUpdates
        ? undefined
        : new board.Reboot(
            `${name}-reboot`,
            {
              connection,
              consent: config.reboot,
              settings: waiting,
              forUpdates: config.rebootForUpdates,
              cgroupControllers: ["memory"],
              timeoutSeconds: config.rebootTimeoutSeconds,
              ...(isAllowed && cluster !== undefined ? { cluster } : {}),
            },
            // a board that is left to its user goes down when that one says so: it would wait for nothing
            { parent: this, dependsOn: [...made.values(), ...(isAllowed ? beforeReboot : [])] },
          );
    if (reboot !== undefined) {
      this.rebooted = reboot.rebooted;
      this.formerBoot = reboot.formerBoot;
    }
    const waited = pulumi.all<string>([
      ...[...made.values()].map(({ kind }) => kind),
      ...(reboot ? [reboot.consent] : []),
    ]);
    this.connection = waited.apply(() => pulumi.secret(connection));
    this.registerOutputs({});
  }
}
