import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";

/** Arguments of {@link Package}. */
export interface PackageArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Name of the package in the board's distribution. A change replaces the resource. */
  name: pulumi.Input<string>;
  /** Version as the package manager writes it. Defaults to what is installed, or else to the newest on offer. */
  version?: pulumi.Input<string>;
  /**
   * Which versions may follow one another, as of a service's program: a version that crosses more than one minor version up, or one down without
   * `allowDowngrade`, is refused, against what the board has. Versions that cannot be read are not. Defaults to all. By itself never a reason for an
   * update.
   */
  upgrade?: pulumi.Input<{ kind: "kubernetes"; allowDowngrade: pulumi.Input<boolean> }>;
}

/** A package of the board's distribution, installed with apt or dnf. Deleting the resource removes it unless it was there before. */
export class Package extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** The version that is installed. */
  declare readonly installedVersion: pulumi.Output<string>;
  /** False where the package was on the board before. */
  declare readonly installedByUs: pulumi.Output<boolean>;

  constructor(name: string, args: PackageArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:Package",
      name,
      { installedVersion: undefined, installedByUs: undefined, ...secretConnection(args) },
      options,
    );
  }
}
