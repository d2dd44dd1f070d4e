import type * as pulumi from "@pulumi/pulumi";
import * as board from "../provider";

/** What {@link firstNodeBack} waits for. */
export interface FirstNodeArgs {
  /** To the first server's board. */
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** Path of a kubeconfig there. */
  readonly kubeconfig: string;
  /** Name of the node. */
  readonly node: string;
  /** The service whose journal says why it is not Ready. */
  readonly service: string;
  readonly timeoutSeconds: number;
  /** The boot that our last reboot of its board ended; `undefined` where there is no reboot to be. */
  readonly formerBoot: pulumi.Output<string> | undefined;
  /** How many nodes join it. */
  readonly joining: number;
}

/**
 * The first node, Ready again after a reboot of its board. Its service is not changed by that, so nothing else waits for it until the gate, and the
 * boards of the nodes that join it would reboot while it is still on its way.
 *
 * @param name - of the resource.
 * @returns what is to be there before another board reboots; nothing where there is no other, or no reboot to be.
 */
export function firstNodeBack(name: string, args: FirstNodeArgs, server: pulumi.Resource): pulumi.Resource[] {
  const { connection, kubeconfig, node, service, timeoutSeconds, formerBoot, joining } = args;
  if (formerBoot === undefined || joining === 0) return [];
  return [
    new board.ClusterNode(
      name,
      { connection, kubeconfig, name: node, service, timeoutSeconds, formerBoot, stays: true },
      { dependsOn: [server] },
    ),
  ];
}
