import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { digestOf, mediaTypes, readLayout, readLayoutRoot } from "../../provider/registry/layout";
import { capabilityAttribute, type Capability } from "./capabilities";
import type { BuiltImage, Platform } from "./image";
import { goProgramsOf, sbomLayout, spdxDocument, writeSbom } from "./sbom";
import { writeTar, type TarEntry } from "./tar";
import { describe, finishLayout, writeBlob } from "./write-layout";
import { zstd, zstdIdentity } from "./zstd";

/** A file, directory or symlink of an image. */
export interface TreeEntry {
  /** Absolute path in the image. */
  readonly path: string;
  /** Content of a file; neither content nor target makes a directory. */
  readonly content?: Buffer;
  /** Target of a symlink. */
  readonly target?: string;
  /** Defaults to 0o644 for files and 0o755 for directories. */
  readonly mode?: number;
  /** Numeric owner. Defaults to 0. */
  readonly uid?: number;
  /** Numeric group. Defaults to 0. */
  readonly gid?: number;
  /** File capabilities, permitted and effective. */
  readonly capabilities?: readonly Capability[];
}

/** How an image runs, in OCI's words. */
export interface Runtime {
  readonly entrypoint: readonly string[];
  /** Default arguments. */
  readonly args: readonly string[];
  /** `uid:gid`. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

/** What an image is made of. */
export interface ImageSpec {
  readonly tree: readonly TreeEntry[];
  readonly runtime: Runtime;
  /** Manifest annotations besides `created`. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Part of every cache key: raised whenever the same spec comes out as other bytes. */
export const assemblyFormat = 3;

/**
 * Time of an image: SOURCE_DATE_EPOCH of the environment (seconds since 1970), else 0, as an image has no time of its own, or it would never
 * come out the same twice.
 *
 * @throws for a value that is no number.
 */
export function createdTime(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH ?? "0";
  if (!/^\d{1,11}$/.test(epoch)) throw new Error(`SOURCE_DATE_EPOCH is '${epoch}': expected seconds since 1970`);
  return new Date(Number(epoch) * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * Writes an image as an OCI layout with one layer. The same spec gives the same bytes on every machine.
 *
 * @param directory - an existing empty directory.
 */
export async function assembleImage(spec: ImageSpec, platform: Platform, directory: string): Promise<BuiltImage> {
  const created = createdTime();
  const layer = writeTar(layerEntries(spec.tree));
  const frames: Buffer[] = [];
  for await (const frame of zstd([layer])) frames.push(frame);
  const compressed = Buffer.concat(frames);
  const config = canonical({
    created,
    architecture: platform.architecture,
    os: platform.os,
    config: runtimeConfig(spec.runtime),
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    history: [{ created, created_by: "k3s-board" }],
  });
  const manifest = canonical({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(config, mediaTypes.config),
    layers: [describe(compressed, mediaTypes.layer.zstd)],
    annotations: { "org.opencontainers.image.created": created, ...sorted(spec.annotations) },
  });
  for (const blob of [compressed, config, manifest]) await writeBlob(directory, blob);
  await finishLayout(directory, { ...describe(manifest, mediaTypes.manifest), platform });
  const programs = goProgramsOf(spec.tree);
  if (programs.length > 0) {
    const image = describe(manifest, mediaTypes.manifest);
    await writeSbom(image, created, spdxDocument(image.digest, created, programs), sbomLayout(directory));
  }
  return readImage(directory, platform);
}

/** The image that lies in a layout, and the list of its software beside it. */
export async function readImage(directory: string, platform: Platform): Promise<BuiltImage> {
  const layout = await readLayout(directory);
  const size = [layout.config, ...layout.layers].reduce((sum, blob) => sum + blob.size, layout.manifest.length);
  const { digest, mediaType } = layout;
  const image = { digest, configDigest: layout.config.digest, layout: directory, platform, size, mediaType };
  const list = sbomLayout(directory);
  if (!existsSync(list)) return image;
  return { ...image, sbom: { digest: (await readLayoutRoot(list)).digest, layout: list } };
}

/** Sorted entries with every directory on the way to them. */
export function layerEntries(tree: readonly TreeEntry[]): TarEntry[] {
  const entries = new Map<string, TarEntry>();
  for (const entry of tree) {
    const path = posix.normalize(entry.path).replace(/^\/+|\/+$/g, "");
    if (path === "" || path.startsWith("..")) throw new Error(`'${entry.path}' is not a path inside an image`);
    for (let parent = posix.dirname(path); parent !== "."; parent = posix.dirname(parent)) {
      if (!entries.has(parent)) entries.set(parent, { path: parent, type: "directory", mode: 0o755, uid: 0, gid: 0 });
    }
    if (entries.has(path) && entries.get(path)?.type !== "directory")
      throw new Error(`'${entry.path}' is in the image twice`);
    entries.set(path, tarEntry(path, entry));
  }
  return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function tarEntry(path: string, entry: TreeEntry): TarEntry {
  const owner = { uid: entry.uid ?? 0, gid: entry.gid ?? 0 };
  if (entry.target !== undefined) return { path, type: "symlink", mode: 0o777, target: entry.target, ...owner };
  if (entry.content === undefined) return { path, type: "directory", mode: entry.mode ?? 0o755, ...owner };
  const attributes = entry.capabilities?.length ? capabilityAttribute(entry.capabilities) : {};
  return { path, type: "file", mode: entry.mode ?? 0o644, content: entry.content, attributes, ...owner };
}

function runtimeConfig(runtime: Runtime): object {
  return {
    User: runtime.user,
    Env: Object.entries(sorted(runtime.env)).map(([name, value]) => `${name}=${value}`),
    Entrypoint: runtime.entrypoint,
    ...(runtime.args.length > 0 ? { Cmd: runtime.args } : {}),
    WorkingDir: runtime.workingDirectory,
  };
}

function canonical(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Cache key of an image: everything that its bytes depend on, given instead of the contents by what identifies them. */
export function imageKey(platform: Platform, ...inputs: readonly unknown[]): string {
  const hash = createHash("sha256").update(
    JSON.stringify([assemblyFormat, zstdIdentity, createdTime(), platform, ...inputs]),
  );
  return `${platform.architecture}-${hash.digest("hex").slice(0, 32)}`;
}
