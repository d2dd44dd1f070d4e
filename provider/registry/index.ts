import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";

/** A registry and how to get there. */
export interface RegistryAddressArgs {
  /** Base address: `http://127.0.0.1:5000` or `https://registry.example`. A change of it replaces the images. */
  url: string;
  /** The address is as seen from the board, and the way there is the SSH connection. Defaults to false. */
  throughBoard?: boolean;
  /** PEM certificate of the CA that signed the registry's. Defaults to the public ones. */
  ca?: string;
  /** User name, where the registry asks for one. */
  username?: string;
  /** Password; always a secret. */
  password?: pulumi.Input<string>;
}

/** Arguments of {@link RegistryImage}. */
export interface RegistryImageArgs {
  /** How to reach the board; used only for a registry that is reached through it. */
  connection: pulumi.Input<ConnectionArgs>;
  registry: RegistryAddressArgs;
  /** Path of the image in the registry: `rancher/mirrored-pause`. */
  repository: pulumi.Input<string>;
  tag: pulumi.Input<string>;
  /** Digest of the image's manifest, or, with `upstream`, of an index, which is copied with all its images: `sha256:…`. */
  digest: pulumi.Input<string>;
  /** Directory on this machine with the image as an OCI layout. Where it lies never causes an update. Either this or `upstream` is given. */
  layout?: pulumi.Input<string>;
  /** A registry that has the image. It is copied through this machine without being stored here. Where it is never causes an update. */
  upstream?: UpstreamArgs;
}

/** Where an image comes from. */
export interface UpstreamArgs {
  registry: RegistryAddressArgs;
  /** Path of the image in that registry: `library/busybox`. */
  repository: pulumi.Input<string>;
}

/**
 * An image in a registry, from a layout on this machine or from another registry. Only blobs that the registry lacks are sent, and each is
 * checked against its digest before the tag is set. A transfer that breaks off goes on where it broke. A tag that somebody moved or removed shows in the next preview and is
 * put right. When the resource is deleted, the tag points again to what it was before the first push, or is removed.
 */
export class RegistryImage extends pulumi.CustomResource {
  declare readonly repository: pulumi.Output<string>;
  declare readonly tag: pulumi.Output<string>;
  declare readonly digest: pulumi.Output<string>;

  constructor(name: string, args: RegistryImageArgs, options?: pulumi.CustomResourceOptions) {
    const { registry, upstream } = args;
    const inputs = {
      ...secretConnection(args),
      registry: secretPassword(registry),
      ...(upstream ? { upstream: { ...upstream, registry: secretPassword(upstream.registry) } } : {}),
    };
    super("board:index:RegistryImage", name, inputs, options);
  }
}

function secretPassword({ password, ...address }: RegistryAddressArgs): RegistryAddressArgs {
  return password === undefined ? address : { ...address, password: pulumi.secret(password) };
}
