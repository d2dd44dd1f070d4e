import type { RegistryClient } from "./client";
import { copyImage, type Copied, type ImageSource } from "./copy";
import { blobPath, type Layout } from "./layout";
import { fileSource } from "./upload";

/** An image in an OCI layout directory, to be pushed. */
export function layoutImage(layout: Layout): ImageSource {
  const { digest, mediaType, manifest, directory } = layout;
  return {
    digest,
    manifest: () => Promise.resolve({ digest, mediaType, bytes: manifest }),
    blob: (blob) => fileSource(blobPath(directory, blob.digest)),
  };
}

/** Pushes the image of a layout under a tag; see {@link copyImage}. */
export function pushImage(
  client: RegistryClient,
  layout: Layout,
  { repository, tag }: { readonly repository: string; readonly tag: string },
): Promise<Copied> {
  return copyImage(layoutImage(layout), { client, repository, tag });
}
