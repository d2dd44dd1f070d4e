import { z } from "zod";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** What a tag's digest offers. */
export const offersRecord = z.array(
  z.object({
    platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }),
    digest,
  }),
);

/** {@link offersRecord}'s content. */
export type OffersRecord = z.output<typeof offersRecord>;

/** What the programs of a manifest came to, before the allow-list. */
export const programsRecord = z.object({
  programs: z.number().int().nonnegative(),
  problems: z
    .array(
      z.object({
        kind: z.enum(["architecture", "float-abi", "interpreter", "page-size", "damaged"]),
        layer: digest,
        path: z.string(),
        found: z.string(),
        wanted: z.string(),
        message: z.string(),
      }),
    )
    .readonly(),
});

/** {@link programsRecord}'s content. */
export type ProgramsRecord = z.output<typeof programsRecord>;
