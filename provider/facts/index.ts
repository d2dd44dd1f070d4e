import * as pulumi from "@pulumi/pulumi";
import type { ConnectionArgs } from "../connection-input";
import type { Facts } from "./facts";

export type { Facts } from "./facts";

/**
 * Reads what a board says of itself: architecture, operating system, kernel, cgroups, memory, boot id. One round trip; changes nothing; works
 * in a preview.
 *
 * @throws where the board cannot be reached, with host, step and remedy.
 */
export function getFacts(args: { connection: ConnectionArgs }, options?: pulumi.InvokeOptions): Promise<Facts> {
  return pulumi.runtime.invoke("board:index:getFacts", args, options ?? {}) as Promise<Facts>;
}
