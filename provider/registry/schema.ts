import { z } from "zod";
import { connectionArgs } from "../ssh/connection-args";

/** A registry and how to get there. */
export const registryAddress = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "expected http://host:port or https://host:port" }),
  throughBoard: z.boolean().default(false),
  ca: z.string().optional(),
  username: z.string().min(1).optional(),
  password: z.string().optional(),
});

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";

const repository = z
  .string()
  .regex(new RegExp(`^${component}(?:/${component})*$`), "expected a path such as rancher/mirrored-pause");

/** Inputs of `board:index:RegistryImage`. Either `layout` or `upstream` is given; `check` sees to that. */
export const registryImageInputs = z.strictObject({
  connection: connectionArgs,
  registry: registryAddress,
  repository,
  tag: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, "expected a tag such as 1.0"),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "expected sha256:<64 hex digits>"),
  layout: z.string().min(1).optional(),
  upstream: z.strictObject({ registry: registryAddress, repository }).optional(),
});

/** {@link registryImageInputs} with defaults filled in. */
export type RegistryImageInputs = z.output<typeof registryImageInputs>;
