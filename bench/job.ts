import { z } from "zod";
import { architectures } from "../components/board/architecture";

const architecture = z.enum(architectures);
const place = { repository: z.string(), tag: z.string() };

/** What a process of ours is asked to do, as its argument. */
export const job = z.discriminatedUnion("kind", [
  /** Nothing: loads the program. */
  z.object({ kind: z.literal("load") }),
  z.object({ kind: z.literal("audit"), url: z.string(), ...place, architecture }),
  z.object({ kind: z.literal("build"), url: z.string(), ...place, architecture }),
  z.object({ kind: z.literal("mirror"), from: z.string(), url: z.string(), ...place }),
]);

export type Job = z.output<typeof job>;

/** What the process prints. */
export const jobResult = z.object({
  /** Seconds of the work itself, without Node's start and the loading of the program. */
  seconds: z.number(),
  cpuSeconds: z.number(),
  /** Digest of what was audited or is under the tag. */
  digest: z.string(),
  /** Programs that an audit found to fit. */
  programs: z.number().optional(),
});
