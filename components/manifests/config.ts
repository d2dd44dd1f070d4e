import { z } from "zod";

const manifest = z.union([
  z.strictObject({
    file: z.string().min(1).describe("Path of a YAML file on this machine, against the project's folder."),
  }),
  z.strictObject({ yaml: z.string().min(1).describe("The YAML itself, one or more documents.") }),
]);

/** The `manifests` section: what k3s deploys besides its own, by name. Written as `custom-<name>.yaml`. */
export const manifestsConfig = z
  .record(
    z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "expected lower-case letters, digits and dashes"),
    manifest,
  )
  .default({});

/** {@link manifestsConfig} with defaults filled in. */
export type ManifestsConfig = z.output<typeof manifestsConfig>;
