import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../components/board/architecture";
import type { BoardConfig } from "../components/board/config";
import type { Openings } from "../components/board/prerequisites/ports";
import { Prerequisites } from "../components/board/prerequisites/prerequisites";
import type { Hooks } from "../components/hooks/hooks";
import { RegistryImages } from "../components/images/registry-images";
import { isOnLoopback, type RegistryConfig } from "../components/registry/config";
import { Registry } from "../components/registry/registry";
import type * as board from "../provider";
import type { PreparedNode } from "./prepared";

/** A board that is as it has to be. */
export interface ReadyBoard {
  /** What uses it waits for the prerequisites, and for the reboot. */
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Changes with each reboot of ours; `undefined` where there is none to be. */
  readonly rebooted: pulumi.Output<string> | undefined;
  /** The boot that this reboot ended; `undefined` where there is none to be. */
  readonly formerBoot: pulumi.Output<string> | undefined;
  /** All that has to be there before anything else. */
  readonly resources: readonly pulumi.Resource[];
}

/** What the cluster makes of {@link readyBoard}. */
export interface ReadyBoardArgs {
  /** What the cluster needs of the board's firewall. */
  readonly openings: Openings;
  /** The nodes that have to be well before this board reboots. Defaults to none. */
  readonly beforeReboot?: readonly pulumi.Resource[];
  /** The node that the board is, or is to be. Defaults to that of a k3s server on the board. */
  readonly cluster?: board.NodeAccessArgs;
}

/**
 * Brings a board to what its configuration asks of it before k3s.
 *
 * @param name - of the component.
 */
export function readyBoard(
  name: string,
  { prerequisites: wishes }: BoardConfig,
  connection: board.ConnectionArgs,
  args: ReadyBoardArgs,
): ReadyBoard {
  const reached = pulumi.secret(connection);
  const made =
    wishes === undefined ? undefined : new Prerequisites(name, { connection: reached, config: wishes, ...args });
  return {
    connection: made?.connection ?? reached,
    rebooted: made?.rebooted,
    formerBoot: made?.formerBoot,
    resources: made === undefined ? [] : [made],
  };
}

/** A private registry and the images in it. */
export interface FilledRegistry {
  readonly registry: Registry | undefined;
  /** All that has to be there before k3s asks the registry. */
  readonly resources: readonly pulumi.Resource[];
}

/** What {@link filledRegistry} is made from. */
export interface FilledRegistryArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: RegistryConfig | undefined;
  readonly arch: Architecture;
  readonly node: { readonly delivery: Pick<PreparedNode["delivery"], "pushed"> };
  /** What the names begin with. Defaults to nothing. */
  readonly prefix?: string;
  /** Hooks that run before and between these two stages. Defaults to none. */
  readonly hooks?: Hooks;
}

/** The private registry, where there is to be one, with the images that a node's delivery has in it, and the hooks of these two stages. */
export async function filledRegistry(args: FilledRegistryArgs): Promise<FilledRegistry> {
  const { connection, config, arch, node, prefix = "", hooks } = args;
  const { pushed } = node.delivery;
  const before = hooks?.before("registry") ?? [];
  const registry =
    config === undefined
      ? undefined
      : await Registry.create(`${prefix}registry`, { connection, arch, config, after: before });
  hooks?.done(registry === undefined ? [] : [registry]);
  const beforeImages = hooks?.before("images") ?? [];
  if (registry === undefined) return { registry, resources: [] };
  if (pushed.length === 0) return { registry, resources: [registry] };
  const images = new RegistryImages(`${prefix}image`, {
    connection,
    registry: registry.push,
    images: pushed,
    prefix,
    after: [registry, ...beforeImages],
  });
  hooks?.done([images]);
  return { registry, resources: [registry, images] };
}

/**
 * A registry on a board's loopback is that board's only: a node that joins has one like it with its images, and shares any other one.
 *
 * @param shared - the first server's; `undefined` where that is not this stack's, and each node has its own.
 */
export async function nodeRegistry({
  shared,
  ...own
}: FilledRegistryArgs & { readonly shared: FilledRegistry | undefined }): Promise<FilledRegistry> {
  const isOwn = shared === undefined || (own.config !== undefined && isOnLoopback(own.config));
  return isOwn ? filledRegistry(own) : shared;
}
