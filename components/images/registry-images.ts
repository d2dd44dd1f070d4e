import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { PlannedImage } from "./plan";
import { parseImageReference } from "./reference";
import { referrersTag } from "./sbom";

/** Arguments of {@link RegistryImages}. */
export interface RegistryImagesArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** The registry they are pushed to. */
  readonly registry: board.RegistryAddressArgs;
  readonly images: readonly PlannedImage[];
  /** What tells the images apart from those in another registry of the stack. Defaults to nothing. */
  readonly prefix?: string;
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** The stack's images in a registry, each under the path and tag that the board asks for. */
export class RegistryImages extends pulumi.ComponentResource {
  constructor(
    name: string,
    { connection, registry, images, prefix = "", after }: RegistryImagesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("k3s-board:images:RegistryImages", name, {}, opts);
    const listed = new Set<string>();
    for (const { name: fullImageName, strategy, digest, content } of images) {
      if (strategy === "keep") continue;
      const { repository, tag } = parseImageReference(fullImageName);
      const source =
        content.kind === "layout"
          ? { layout: content.image.layout }
          : { upstream: { registry: content.registry, repository: content.repository } };
      const image = new board.RegistryImage(
        `${prefix}${fullImageName}`,
        { connection, registry, repository, tag, digest, ...source },
        { parent: this, dependsOn: [...after] },
      );
      const sbom = content.kind === "layout" ? content.image.sbom : undefined;
      // It is found by the image's digest. Two names of one image have one between them, and it stays while either does.
      const listName = `${prefix}${repository}@${digest.slice("sha256:".length, "sha256:".length + 12)}-sbom`;
      if (sbom !== undefined && !listed.has(listName)) {
        listed.add(listName);
        const tag = referrersTag(digest);
        new board.RegistryImage(
          listName,
          { connection, registry, repository, tag, digest: sbom.digest, layout: sbom.layout },
          { parent: this, dependsOn: [image] },
        );
      }
    }
    this.registerOutputs({ images: images.map((image) => image.name) });
  }
}
