import { z } from "zod";

/** A list of referrers as a registry answers it: an index of OCI. */
export const referrerIndex = z.object({
  manifests: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string(),
      size: z.number().int().nonnegative(),
      artifactType: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** A manifest that names another one as its subject. */
export type Referrer = z.output<typeof referrerIndex>["manifests"][number];

/** The tag under which the referrers of a manifest are kept where a registry has no API for them. */
export function referrerFallbackTag(digest: string): string {
  // At most 32 characters of the algorithm, 64 of the digest.
  const [algorithm = "", encoded = ""] = digest.split(":");
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`.replace(/[^A-Za-z0-9._-]/g, "-");
}
