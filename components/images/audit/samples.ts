import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { blobPath, digestOf, mediaTypes, type Descriptor } from "../../../provider/registry/layout";
import type { OfferedPlatform } from "./platforms";

/** An entry of a sample layer: content of a file, or what else it is. */
export type SampleEntry = Buffer | { readonly symlink: string } | { readonly hardlink: string } | "directory";

/** A layer for tests. Compressed by gzip where nothing else is said. */
export interface SampleLayer {
  readonly entries: Readonly<Record<string, SampleEntry>>;
  readonly compression?: "none" | "gzip" | "zstd";
  /** Instead of the one that goes with the compression. */
  readonly mediaType?: string;
}

/** The tar archive of a sample layer. Everything in it may be executed. */
export async function layerTar(entries: SampleLayer["entries"]): Promise<Buffer> {
  const archive = pack();
  for (const [name, entry] of Object.entries(entries)) {
    const header = { name: name.replace(/^\//, ""), mode: 0o755 };
    if (Buffer.isBuffer(entry)) archive.entry(header, entry);
    else if (entry === "directory") archive.entry({ ...header, type: "directory" });
    else if ("symlink" in entry) archive.entry({ ...header, type: "symlink", linkname: entry.symlink });
    else archive.entry({ ...header, type: "link", linkname: entry.hardlink.replace(/^\//, "") });
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A zstd frame that holds bytes as they are, in blocks of 100 KiB. */
export function zstdFrame(bytes: Buffer): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt32LE(0xfd2fb528, 0);
  // One segment, its size in four bytes, no checksum.
  header.writeUInt8(0b10100000, 4);
  header.writeUInt32LE(bytes.length, 5);
  const parts: Buffer[] = [header.subarray(0, 9)];
  const blockSize = 100 * 1024;
  for (let at = 0; at === 0 || at < bytes.length; at += blockSize) {
    const block = bytes.subarray(at, at + blockSize);
    const last = at + blockSize >= bytes.length ? 1 : 0;
    const blockHeader = Buffer.alloc(3);
    blockHeader.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(blockHeader, block);
  }
  return Buffer.concat(parts);
}

/** Puts a blob into a layout. */
async function putBlob(directory: string, bytes: Buffer, mediaType: string): Promise<Descriptor> {
  const path = blobPath(directory, digestOf(bytes));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Writes one image into a layout's blobs and returns its manifest. */
export async function sampleManifest(
  directory: string,
  platform: OfferedPlatform,
  layers: readonly SampleLayer[],
): Promise<Descriptor> {
  const described: Descriptor[] = [];
  const diffIds: string[] = [];
  for (const { entries, compression = "gzip", mediaType } of layers) {
    const tar = await layerTar(entries);
    const bytes = compression === "gzip" ? gzipSync(tar) : compression === "zstd" ? zstdFrame(tar) : tar;
    const type = mediaType ?? mediaTypes.layer[compression];
    described.push(await putBlob(directory, bytes, type));
    diffIds.push(digestOf(tar));
  }
  const config = { ...platform, rootfs: { type: "layers", diff_ids: diffIds }, config: {} };
  const configBlob = await putBlob(directory, Buffer.from(JSON.stringify(config)), mediaTypes.config);
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config: configBlob, layers: described };
  return putBlob(directory, Buffer.from(JSON.stringify(manifest)), mediaTypes.manifest);
}

/**
 * Writes a layout of one image.
 *
 * @param images - its layers by platform, `os/architecture[/variant]`; several become an index.
 * @returns the directory, and the digest of manifest or index.
 */
export async function sampleLayout(
  parent: string,
  images: Readonly<Record<string, readonly SampleLayer[]>>,
): Promise<{ directory: string; digest: string }> {
  const directory = await mkdtemp(join(parent, "layout-"));
  const entries: (Descriptor & { platform: OfferedPlatform })[] = [];
  for (const [text, layers] of Object.entries(images)) {
    const [os = "", architecture = "", variant] = text.split("/");
    const platform = { os, architecture, ...(variant ? { variant } : {}) };
    entries.push({ ...(await sampleManifest(directory, platform, layers)), platform });
  }
  const [only] = entries;
  const top =
    entries.length === 1 && only
      ? { mediaType: only.mediaType, digest: only.digest, size: only.size }
      : await putBlob(
          directory,
          Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: entries })),
          mediaTypes.index,
        );
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [top] };
  await writeFile(join(directory, "index.json"), JSON.stringify(index));
  return { directory, digest: top.digest };
}
