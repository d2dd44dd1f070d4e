import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { connectionArgs } from "./ssh/connection-args";

/** How to reach a board over SSH: host, port, user, pinned host keys, credentials. See `ssh/connection-args.ts` for each of them. */
export type ConnectionArgs = z.input<typeof connectionArgs>;

/** Marks the connection of a resource as secret: it holds passwords, and it is nobody's business in a preview. */
export function secretConnection<Args extends { connection: pulumi.Input<ConnectionArgs> }>(args: Args): Args {
  return { ...args, connection: pulumi.secret(args.connection) };
}
