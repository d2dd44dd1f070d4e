import { readFile } from "node:fs/promises";
import type { RegistryClient } from "./client";
import { copyImage, type Copied, type ImageSource } from "./copy";
import { blobPath, mediaTypes, type LayoutRoot } from "./layout";
import { fileSource } from "./upload";

/** An image, or an index with what it has, in an OCI layout directory, to be pushed. */
export function layoutImage(layout: LayoutRoot): ImageSource {
  const { digest, mediaType, manifest, directory } = layout;
  return {
    digest,
    manifest: async (wanted) =>
      wanted === digest
        ? { digest, mediaType, bytes: manifest }
        : { digest: wanted, mediaType: mediaTypes.manifest, bytes: await readFile(blobPath(directory, wanted)) },
    blob: (blob) => fileSource(blobPath(directory, blob.digest)),
  };
}

/** Pushes the image of a layout under a tag; see {@link copyImage}. */
export function pushImage(
  client: RegistryClient,
  layout: LayoutRoot,
  { repository, tag }: { readonly repository: string; readonly tag: string },
): Promise<Copied> {
  return copyImage(layoutImage(layout), { client, repository, tag });
}
