import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { blobPath, digestOf, type Descriptor, mediaTypes } from "../../provider/registry/layout";
import type { Platform } from "./image";

/** What the index of a layout says of the image, list or index in it. */
export interface LayoutEntry extends Descriptor {
  readonly platform?: Platform;
}

/** Bytes as what refers to them describes them. */
export function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Writes a blob to its place in a layout. */
export async function writeBlob(directory: string, bytes: Buffer): Promise<void> {
  const path = blobPath(directory, digestOf(bytes));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** Makes an OCI image layout of a directory that has all blobs: the two files that say so, and which of the blobs is meant. */
export async function finishLayout(directory: string, entry: LayoutEntry): Promise<void> {
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry] };
  await writeFile(join(directory, "index.json"), JSON.stringify(index));
}
