import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";
import type { NodeAccessArgs } from "../kubernetes";
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
   * - `dnfProxy`: `{ proxy: "http://proxy.lan:3128" }`
   * - `firewall`: `{ firewall: "disabled" }`, or `{ "6443/tcp": "open", "10.42.0.0/16": "trusted" }`
   * - `hostname`: `{ hostname: "licheepi" }`
   * - `hosts`: names by address, `{ "192.0.2.7": "registry.lan registry" }`
   * - `kernelCommandLine`: `{ "cgroup_enable=memory": "present" }`, from the next boot on
   * - `kernelModules`: `{ br_netfilter: "loaded", pcspkr: "blacklisted" }`
   * - `locale`: `{ LANG: "C.UTF-8" }`
   * - `selinux`: `{ selinux: "permissive" }` or `"disabled"`, the latter from the next boot on
   * - `swap`: `{ swap: "disabled" }`
   * - `sysctls`: `{ "net.ipv4.ip_forward": "1" }`
   * - `timeSync`: `{ timeSync: "enabled" }`
   * - `timezone`: `{ timezone: "Asia/Shanghai" }`
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

/** Arguments of {@link Reboot}. */
export interface RebootArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** `allowed`: the board reboots where that is needed. `never`: what waits for a reboot is told, and the rest goes on. */
  consent: "allowed" | "never";
  /** The settings that may wait for a boot, with their values as of {@link SettingArgs}. Defaults to none. */
  settings?: { kind: KindName; values: Readonly<Record<string, string>> }[];
  /** Whether the board reboots for updates that ask for it as well (`/run/reboot-required`). Defaults to false. */
  forUpdates?: boolean;
  /** Cgroup controllers that have to be there afterwards; it is an error where one is not. Defaults to none. */
  cgroupControllers?: string[];
  /** Seconds for the board to come back. Defaults to 900. */
  timeoutSeconds?: number;
  /**
   * The node that the board is: a preview of a reboot names the pods there. Defaults to that of a k3s server on the board. By itself never a reason
   * for an update.
   */
  cluster?: NodeAccessArgs;
}

/**
 * Reboots the board when what runs differs from what the next boot will have. Give it the settings as dependencies, and make what needs the
 * booted system depend on it. A reboot that changes nothing is not tried again.
 */
export class Reboot extends pulumi.CustomResource {
  /** The consent as it was given. Known in a preview too. */
  declare readonly consent: pulumi.Output<"allowed" | "never">;
  /** Boot id after the last reboot of ours; empty before the first. Not known in a preview that reboots. */
  declare readonly rebooted: pulumi.Output<string>;
  /** Boot id of the boot that our last reboot ended; empty before the first. Not known in a preview that reboots. */
  declare readonly formerBoot: pulumi.Output<string>;

  constructor(name: string, args: RebootArgs, options?: pulumi.CustomResourceOptions) {
    const cluster = args.cluster === undefined ? {} : { cluster: secretConnection(args.cluster) };
    super(
      "board:index:Reboot",
      name,
      { rebooted: undefined, formerBoot: undefined, ...secretConnection({ ...args, ...cluster }) },
      options,
    );
  }
}
