import { createHash } from "node:crypto";
import { z } from "zod";
import { digestOf, mediaTypes } from "../../../provider/registry/layout";
import { compressionOfBytes, readSmall, type FileSource } from "./files";
import type { LocalImage, LocalImages } from "./local";
import type { Descriptor, ImageStore, StoredManifest } from "./store";
import { verified } from "./verified";

const archiveManifest = z.array(
  z.object({
    Config: z.string().min(1),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string().min(1)),
  }),
);

/**
 * The images of an archive of `docker save`, which has files instead of blobs. Their manifests are made up: each file is described by its own
 * digest.
 */
export async function dockerArchiveImages(files: FileSource): Promise<Omit<LocalImages, "close">> {
  const text = (await readSmall(files, "manifest.json")).toString("utf8");
  const parsed = archiveManifest.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error(`manifest.json in ${files.label} is none of \`docker save\`: ${parsed.error.message}`);
  const manifests = new Map<string, StoredManifest>();
  const paths = new Map<string, string>();
  const images: LocalImage[] = [];
  const describe = async (path: string, mediaType?: string): Promise<Descriptor> => {
    const described = await describeFile(files, path, mediaType);
    paths.set(described.digest, path);
    return described;
  };
  for (const { Config, RepoTags, Layers } of parsed.data) {
    const config = await describe(Config, mediaTypes.config);
    const layers: Descriptor[] = [];
    for (const path of Layers) layers.push(await describe(path));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers }));
    const manifest = { digest: digestOf(bytes), mediaType: mediaTypes.manifest, bytes };
    manifests.set(manifest.digest, manifest);
    const names = RepoTags?.length ? RepoTags : [files.label];
    images.push(...names.map((name) => ({ name, reference: manifest.digest })));
  }
  const find = (reference: string) =>
    manifests.get(images.find(({ name }) => name === reference)?.reference ?? reference);
  const store: ImageStore = {
    resolve: (_repository, reference) => Promise.resolve(find(reference)?.digest),
    manifest: (_repository, reference) => Promise.resolve(find(reference)),
    blob: (_repository, descriptor) => {
      const path = paths.get(descriptor.digest);
      if (path === undefined) throw new Error(`${files.label} has no blob ${descriptor.digest}`);
      return verified(files.stream(path), descriptor, files.label);
    },
  };
  return { store, images };
}

async function describeFile(files: FileSource, path: string, mediaType?: string): Promise<Descriptor> {
  if ((await files.size(path)) === undefined) throw new Error(`${files.label} lacks ${path}: it is not a whole image`);
  const hash = createHash("sha256");
  let size = 0;
  let start = Buffer.alloc(0);
  for await (const chunk of files.stream(path)) {
    if (start.length < 4) start = Buffer.concat([start, chunk.subarray(0, 4)]);
    hash.update(chunk);
    size += chunk.length;
  }
  const type = mediaType ?? mediaTypes.layer[compressionOfBytes(start)];
  return { mediaType: type, digest: `sha256:${hash.digest("hex")}`, size };
}
