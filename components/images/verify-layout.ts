import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { z } from "zod";
import { blobPath, readLayout, verifyBlobs } from "../../provider/registry/layout";
import { readImage } from "./assemble";
import type { BuiltImage, Platform } from "./image";
import { checkPrograms, type ImageFile, type ProgramCheck } from "./programs";

const imageConfig = z.object({ os: z.string(), architecture: z.string() });

/**
 * Checks an OCI layout as a whole, whoever made it: every blob has its digest, the configuration names the platform, and the programs in the
 * final tree, deletions of later layers taken into account, are of the platform's architecture.
 *
 * @throws with what is wrong.
 */
export async function verifyLayout(
  name: string,
  directory: string,
  platform: Platform,
  check: ProgramCheck = {},
): Promise<BuiltImage> {
  const layout = await readLayout(directory);
  await verifyBlobs(layout);
  const text = await readFile(blobPath(directory, layout.config.digest), "utf8");
  const { os, architecture } = imageConfig.parse(JSON.parse(text));
  if (os !== platform.os || architecture !== platform.architecture) {
    throw new Error(`image ${name} is for ${os}/${architecture}, not for ${platform.os}/${platform.architecture}`);
  }
  const tree = new Map<string, ImageFile>();
  for (const layer of layout.layers) applyLayer(tree, await readLayer(blobPath(directory, layer.digest)));
  checkPrograms(name, [...tree.values()], platform, check);
  return readImage(directory, platform);
}

/** Puts a layer over a tree by OCI's rules: `.wh.NAME` deletes NAME, `.wh..wh..opq` everything that was in its directory before. */
export function applyLayer(tree: Map<string, ImageFile>, layer: readonly ImageFile[]): void {
  const remove = (path: string, itself: boolean) => {
    for (const known of [...tree.keys()]) {
      if ((itself && known === path) || known.startsWith(`${path === "/" ? "" : path}/`)) tree.delete(known);
    }
  };
  const isWhiteout = (file: ImageFile) => posix.basename(file.path).startsWith(".wh.");
  for (const file of layer.filter(isWhiteout)) {
    const directory = posix.dirname(file.path);
    const name = posix.basename(file.path).slice(".wh.".length);
    if (name === ".wh..opq") remove(directory, false);
    else remove(posix.join(directory, name), true);
  }
  for (const file of layer.filter((entry) => !isWhiteout(entry))) tree.set(file.path, file);
}

async function readLayer(path: string): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  const archive = extract();
  archive.on("entry", (header: Header, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk) => chunks.push(chunk as Buffer));
    stream.on("end", () => {
      const path = posix.join("/", header.name).replace(/(.)\/$/, "$1");
      if (header.type === "symlink") files.push({ path, target: header.linkname ?? "" });
      else if (header.type === "link") {
        const original = files.find((file) => file.path === posix.join("/", header.linkname ?? ""));
        files.push({ ...original, path });
      } else files.push({ path, ...(header.type === "file" ? { content: Buffer.concat(chunks) } : {}) });
      next();
    });
  });
  await pipeline(createReadStream(path), createGunzip(), archive);
  return files;
}
