import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";
import type { KindName } from "./kinds";

export type { KindName } from "./kinds";

/** Arguments of {@link Setting}. */
export interface SettingArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** What is set. A board has one setting of each kind. A change replaces the resource. */
  kind: KindName;
  /**
   * What it shall be, by key:
   *
   * - `hostname`: `{ hostname: "licheepi" }`
   * - `hosts`: names by address, `{ "192.0.2.7": "registry.lan registry" }`
   * - `kernelModules`: `{ br_netfilter: "loaded", pcspkr: "blacklisted" }`
   * - `sysctls`: `{ "net.ipv4.ip_forward": "1" }`
   */
  values: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * A prerequisite of the board: what the running system has and what the next boot will have are both read, both shown where they differ, and
 * both made so. Deleting the resource gives both back as they were before; what only a boot could take back is told.
 */
export class Setting extends pulumi.CustomResource {
  /** What is set. Known in a preview too. */
  declare readonly kind: pulumi.Output<KindName>;

  constructor(name: string, args: SettingArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:Setting", name, secretConnection(args), options);
  }
}
