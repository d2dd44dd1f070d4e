import { z } from "zod";
import type { Datastore } from "../../provider/kubernetes/datastore";

const copy = z.object({
  name: z.string(),
  path: z.string(),
  version: z.string(),
  made: z.number(),
  mebibytes: z.number(),
});

const service = z.object({
  datastoreCopies: z.object({ version: z.string() }),
  datastore: z.object({
    kind: z.enum(["sqlite", "etcd", "none"]),
    mebibytes: z.number(),
    members: z.number(),
    copies: z.array(copy).default([]),
    backups: z.array(copy).default([]),
  }),
});

/** A datastore that one of its copies can take the place of, and the version of what reads it. */
export interface Restorable {
  readonly datastore: Datastore;
  readonly version: string;
}

/**
 * The datastore of a stack's server, as the last refresh found it; `undefined` where the stack has none with copies.
 *
 * @param resources - of the stack's state.
 */
export function restorableIn(resources: readonly Readonly<Record<string, unknown>>[]): Restorable | undefined {
  for (const { type, outputs } of resources) {
    const parsed = type === "board:index:SystemdService" ? service.safeParse(outputs) : undefined;
    if (parsed?.success) return { datastore: parsed.data.datastore, version: parsed.data.datastoreCopies.version };
  }
  return undefined;
}
