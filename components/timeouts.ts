import { z } from "zod";

/** Seconds for a service to become healthy; no service is waited for longer than an hour (provider/systemd/schema.ts). */
export const startTimeout = z.number().int().min(1).max(3600);

/** Seconds that the end of an `up` waits for a cluster, whatever made it. */
export const readyTimeoutSeconds = z
  .number()
  .int()
  .positive()
  .default(900)
  .describe("Seconds until node and system pods must be Ready.");
