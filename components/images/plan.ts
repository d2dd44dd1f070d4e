import type { RegistryAddressArgs } from "../../provider";
import type { Architecture } from "../board/architecture";
import { disabledComponents, type K3sConfig } from "../k3s/config";
import { engineProgress } from "../progress";
import { type BuiltImage, buildImage, type ImageSource } from "./build";
import { describeSource, type ImagesConfig } from "./config";
import { coreDnsSource, pauseSource } from "./known-images";
import { fullName, parseImageReference } from "./reference";
import type { SystemImages } from "./system-images";

/** An image that the board will ask for, and what it gets under that name. */
export interface PlannedImage {
  /** Full name that the board asks for: `docker.io/rancher/mirrored-pause:3.10.2`. */
  readonly name: string;
  /**
   * `build`: made here. `mirror`: copied under its own name. `alias`: another image under this name. `keep`: the board pulls it itself,
   * nothing is pushed.
   */
  readonly strategy: "build" | "mirror" | "alias" | "keep";
  /** Why, one clause for the preview: "docker.io has no riscv64 under this tag (amd64, arm64); built from its C file". */
  readonly reason: string;
  /** What the tag points to: an image manifest, or an index where a whole index is mirrored. */
  readonly digest: string;
  /** The manifest for the board's platform; equals `digest` unless that is an index. */
  readonly platformDigest: string;
  readonly content: PlannedContent;
}

/** Where the bytes of an image are. */
export type PlannedContent =
  /** On this machine. */
  | { readonly kind: "layout"; readonly image: BuiltImage }
  /** In a registry, under a digest. */
  | { readonly kind: "upstream"; readonly registry: RegistryAddressArgs; readonly repository: string };

/** What {@link planImages} goes by. */
export interface PlanArgs {
  /** Images that the configuration says how to make. */
  readonly images: ImagesConfig;
  /** Names of the images that k3s asks for by itself. */
  readonly system: SystemImages;
  readonly k3s: Pick<K3sConfig, "disable" | "coredns">;
  readonly arch: Architecture;
}

/**
 * Decides for every image of a stack what the board gets, and makes what is made here. Afterwards all digests are known.
 *
 * @throws when an image cannot be made.
 */
export async function planImages({ images, system, k3s, arch }: PlanArgs): Promise<PlannedImage[]> {
  const planned: PlannedImage[] = [];
  // One after the other: each build uses all cores.
  for (const { name, source } of wantedImages(images, system, k3s)) {
    const image = await buildImage(source, arch, engineProgress());
    const { digest } = image;
    const reason = `built from ${describeSource(source)}`;
    const content: PlannedContent = { kind: "layout", image };
    planned.push({ name, strategy: "build", reason, digest, platformDigest: digest, content });
  }
  return planned;
}

/** The user's images, and the pause image and CoreDNS where the user does not have them and somebody deploys them. */
function wantedImages(
  images: ImagesConfig,
  system: SystemImages,
  k3s: PlanArgs["k3s"],
): { name: string; source: ImageSource }[] {
  const own = Object.entries(images).map(([name, source]) => ({ name: fullName(parseImageReference(name)), source }));
  const deploysCoredns = k3s.coredns === "custom" || !disabledComponents(k3s).includes("coredns");
  const defaults: { name: string; source: ImageSource }[] = [
    { name: fullName(parseImageReference(system.pause)), source: pauseSource() },
  ];
  if (deploysCoredns) {
    const reference = parseImageReference(system.coredns);
    const version = `v${reference.tag.replace(/^v/, "")}`;
    defaults.push({ name: fullName(reference), source: coreDnsSource(version) });
  }
  return [...defaults.filter(({ name }) => !own.some((image) => image.name === name)), ...own];
}
