import * as pulumi from "@pulumi/pulumi";
import type { ConnectionArgs } from "../connection-input";
import type { Facts } from "./facts";
import type { ProgramFacts } from "./program-facts";

export type { Facts } from "./facts";
export type { ProgramFacts } from "./program-facts";

/**
 * Reads what a board says of itself: architecture, operating system, kernel, cgroups, memory, boot id. One round trip; changes nothing; works
 * in a preview.
 *
 * @throws where the board cannot be reached, with host, step and remedy.
 */
export function getFacts(args: { connection: ConnectionArgs }, options?: pulumi.InvokeOptions): Promise<Facts> {
  return pulumi.runtime.invoke("board:index:getFacts", args, options ?? {}) as Promise<Facts>;
}

/**
 * Reads what a board says of a program that it has itself: whether it is there, its header, its version, and whether its unit is. One round trip,
 * or none where {@link getFacts} is asked at the same time; changes nothing; works in a preview.
 *
 * @param args - `path` of the program, and `unit`, the name of its service without `.service`.
 * @throws where the board cannot be reached, with host, step and remedy.
 */
export function getProgram(
  args: { connection: ConnectionArgs; path: string; unit: string },
  options?: pulumi.InvokeOptions,
): Promise<ProgramFacts> {
  return pulumi.runtime.invoke("board:index:getProgram", args, options ?? {}) as Promise<ProgramFacts>;
}
