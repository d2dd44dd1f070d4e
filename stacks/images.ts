import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../components/board/architecture";
import { namesInBinary } from "../components/images/k3s-binary-names";
import { planImages, type PlanArgs, type PlannedImage } from "../components/images/plan";
import { type SystemImage, systemImages, unknownNames } from "../components/images/system-images";
import type { K3sBinary } from "../components/k3s/binary";
import type { Progress } from "../tools/progress";
import { ConfigError, type StackConfig } from "./config";

/** What decides which images nodes of an architecture need. */
export type ImageSections = Pick<StackConfig, "k3s" | "images" | "registries" | "audit"> & {
  readonly arch: Architecture;
};

/** The images of a stack. */
export interface StackImages {
  /** Those that k3s asks for by itself. */
  readonly system: readonly SystemImage[];
  /** What the board gets under each name. */
  readonly images: readonly PlannedImage[];
}

/** How {@link stackImages} looks at them. */
export interface StackImagesArgs
  extends Required<Pick<PlanArgs, "pageSize" | "progress">>, Pick<PlanArgs, "workloads"> {
  /** `undefined` where it is not to be had: the names are the table's then. */
  readonly binary: K3sBinary | undefined;
}

/**
 * Finds out which images a stack needs and what the board gets for each; makes what is made here.
 *
 * @throws ConfigError for names that no table and no binary knows; UnfitImages where the board cannot run one; or what a build says.
 */
export async function stackImages(config: ImageSections, args: StackImagesArgs): Promise<StackImages> {
  const { binary, pageSize, progress, workloads = [] } = args;
  const system = await namedSystemImages(config, binary, progress);
  const { images, registries, audit, arch } = config;
  const plan = { images, system, registries, arch, pageSize, allow: audit.allow, progress, workloads };
  return { system, images: await planImages(plan) };
}

/** The images that this k3s asks for by itself: by the configuration, the binary where it is on this machine, and the table. */
async function namedSystemImages(
  config: ImageSections,
  binary: K3sBinary | undefined,
  progress: Progress,
): Promise<readonly SystemImage[]> {
  const found =
    binary?.kind === "file"
      ? { names: await namesInBinary(binary.local, progress), where: "the k3s binary" }
      : undefined;
  const { images, unknown, warnings } = systemImages({ ...config, ...(found === undefined ? {} : { found }) });
  if (unknown.length > 0) throw new ConfigError(unknownNames(config.k3s.version, unknown));
  for (const warning of warnings) void pulumi.log.warn(warning);
  return images;
}
