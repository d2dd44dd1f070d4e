import { stat } from "node:fs/promises";
import { dockerArchiveImages } from "./docker-archive";
import { archiveFiles, directoryFiles, type FileSource } from "./files";
import { layoutImages } from "./layout-store";
import type { ImageStore } from "./store";

/** An image in a directory or archive. */
export interface LocalImage {
  /** The name that it has there, or the path where it has none. */
  readonly name: string;
  /** Digest by which the store has it. */
  readonly reference: string;
}

/** The images of one directory or archive. */
export interface LocalImages {
  readonly store: ImageStore;
  readonly images: readonly LocalImage[];
  /** Removes what was unpacked. */
  readonly close: () => Promise<void>;
}

/**
 * Opens an OCI layout (a directory, or a tar archive of one) or an archive of `docker save`. Archives may be compressed by gzip or zstd.
 *
 * @throws for what is neither.
 */
export async function openLocalImages(path: string): Promise<LocalImages> {
  const files = (await stat(path)).isDirectory() ? directoryFiles(path) : await archiveFiles(path);
  try {
    const read = await imagesReader(files);
    return { ...(await read(files)), close: () => files.close() };
  } catch (error) {
    await files.close();
    throw error;
  }
}

async function imagesReader(files: FileSource): Promise<typeof layoutImages> {
  // `docker save` writes both since Docker 25, and its layout has the manifests as they were in the registry.
  if ((await files.size("index.json")) !== undefined) return layoutImages;
  if ((await files.size("manifest.json")) !== undefined) return dockerArchiveImages;
  throw new Error(
    `${files.label} has neither index.json nor manifest.json: expected an OCI layout or an archive of \`docker save\``,
  );
}
