import type { z } from "zod";
import { manifestsConfig } from "../manifests/config";

/** The `workloads` section: what Pulumi itself deploys into the finished cluster, by name. Given as `manifests` are. */
export const workloadsConfig = manifestsConfig;

/** {@link workloadsConfig} with defaults filled in. */
export type WorkloadsConfig = z.output<typeof workloadsConfig>;
