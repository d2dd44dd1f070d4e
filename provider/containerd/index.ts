import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";

/** How containerd pulls an image by itself. */
export interface ContainerdPullArgs {
  /** `<registry>/<repository>@<digest>`, as seen from the board: `127.0.0.1:5000/rancher/mirrored-pause@sha256:…`. */
  reference: pulumi.Input<string>;
  /** How to call `crictl` on the board. Defaults to `["k3s", "crictl"]`. */
  command?: pulumi.Input<string[]>;
}

/** Arguments of {@link ContainerdImage}. */
export interface ContainerdImageArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Full name, with the registry in front: `docker.io/rancher/mirrored-pause:3.10.2`. */
  name: pulumi.Input<string>;
  /** Digest of the image's manifest or index, `sha256:…`. */
  digest: pulumi.Input<string>;
  /** Path on this machine of a tar archive that holds the image under that name. Either this or `pull`; neither ever causes an update. */
  archive?: pulumi.Input<string>;
  /** Where containerd itself gets the image, with the credentials of its own configuration. */
  pull?: pulumi.Input<ContainerdPullArgs>;
  /** How to call containerd's `ctr` on the board. Defaults to `["k3s", "ctr"]`. */
  command?: pulumi.Input<string[]>;
  /** Keeps the image from kubelet's garbage collection. Defaults to true. */
  pinned?: pulumi.Input<boolean>;
}

/**
 * An image in the board's containerd, namespace `k8s.io`. Imported or pulled only where it is missing or another one; a name that was removed,
 * moved or unpinned shows in the next preview. When the resource is deleted, the name means again what it meant before, or is removed.
 */
export class ContainerdImage extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly digest: pulumi.Output<string>;
  declare readonly pinned: pulumi.Output<boolean>;

  constructor(name: string, args: ContainerdImageArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:ContainerdImage", name, { pinned: undefined, ...secretConnection(args) }, options);
  }
}
