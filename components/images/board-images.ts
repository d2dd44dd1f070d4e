import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { Architecture } from "../board/architecture";
import { disabledComponents, type K3sConfig } from "../k3s/config";
import { engineProgress } from "../progress";
import { type BuiltImage, buildImage, type ImageSource } from "./build";
import type { ImagesConfig } from "./config";
import { coreDnsSource, pauseSource } from "./known-images";
import { fullName, parseImageReference } from "./reference";
import type { SystemImages } from "./system-images";

/** An image for the board: its full name and how it is made. */
export interface WantedImage {
  /** Full name, such as `docker.io/rancher/mirrored-pause:3.10.2`. */
  readonly name: string;
  readonly source: ImageSource;
}

/** Version in an image's tag, without a `v` in front. */
function versionOfTag(name: string): string {
  return parseImageReference(name).tag.replace(/^v/, "");
}

/**
 * The images that a stack builds: the user's, and the pause image and CoreDNS where the configuration does not have them under their names
 * already. CoreDNS is left out where nobody deploys it.
 */
export function wantedImages(
  images: ImagesConfig,
  system: SystemImages,
  k3s: Pick<K3sConfig, "disable" | "coredns">,
): WantedImage[] {
  const own = Object.entries(images).map(([name, source]) => ({ name: fullName(parseImageReference(name)), source }));
  const deploysCoredns = k3s.coredns === "custom" || !disabledComponents(k3s).includes("coredns");
  const defaults: WantedImage[] = [
    { name: fullName(parseImageReference(system.pause)), source: pauseSource() },
    ...(deploysCoredns
      ? [
          {
            name: fullName(parseImageReference(system.coredns)),
            source: coreDnsSource(`v${versionOfTag(system.coredns)}`),
          },
        ]
      : []),
  ];
  return [...defaults.filter(({ name }) => !own.some((image) => image.name === name)), ...own];
}

/** An image that is built and ready to be pushed. */
export interface ReadyImage extends WantedImage {
  readonly image: BuiltImage;
}

/** Builds, or takes from the cache, every image. One after the other: each build uses all cores. */
export async function buildImages(wanted: readonly WantedImage[], arch: Architecture): Promise<ReadyImage[]> {
  const ready: ReadyImage[] = [];
  for (const { name, source } of wanted)
    ready.push({ name, source, image: await buildImage(source, arch, engineProgress()) });
  return ready;
}

/** Arguments of {@link RegistryImages}. */
export interface RegistryImagesArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** The registry they are pushed to. */
  readonly registry: board.RegistryAddressArgs;
  readonly images: readonly ReadyImage[];
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** The stack's images in its registry, each under the path and tag that the board asks for. */
export class RegistryImages extends pulumi.ComponentResource {
  constructor(
    name: string,
    { connection, registry, images, after }: RegistryImagesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("k3s-board:images:RegistryImages", name, {}, opts);
    for (const { name: fullImageName, image } of images) {
      const { repository, tag } = parseImageReference(fullImageName);
      new board.RegistryImage(
        fullImageName,
        { connection, registry, repository, tag, digest: image.digest, layout: image.layout },
        { parent: this, dependsOn: [...after] },
      );
    }
    this.registerOutputs({ images: images.map((ready) => ready.name) });
  }
}
