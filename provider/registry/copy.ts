import type { RegistryClient, RemoteManifest } from "./client";
import { contentsOf, type Contents, type Descriptor } from "./layout";
import { Limit } from "../ssh/limit";
import { RegistryError } from "./registry-error";
import type { BlobSource } from "./parts";

/** An image, or an index of several, that can be put into a registry. */
export interface ImageSource {
  /** Digest of the image's manifest, or of the index. */
  readonly digest: string;
  /** Reads a manifest of it; rejects when it is not there or has another digest. */
  manifest(digest: string): Promise<RemoteManifest>;
  blob(blob: Descriptor): BlobSource;
  /** Set where it comes from a registry. */
  readonly origin?: { readonly client: RegistryClient; readonly repository: string };
}

/** Where an image goes. */
export interface Destination {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly tag: string;
}

/** What a copy moved. */
export interface Copied {
  /** Bytes of the blobs that were sent; 0 when the registry had all. */
  readonly bytes: number;
  /** Number of these blobs. */
  readonly blobs: number;
  /** Bytes and number of all blobs of the image. */
  readonly total: { readonly bytes: number; readonly blobs: number };
}

/** Blobs of one image on their way at once. */
const blobsAtOnce = 4;
/** An index may name an index; nobody needs more than that. */
const deepest = 3;

interface Node {
  readonly manifest: RemoteManifest;
  readonly contents: Contents;
  readonly children: readonly Node[];
}

/**
 * Puts an image into a registry under a tag: first the blobs that it lacks, each checked against its digest on its way, then the manifests, at
 * last the tag. An index comes with everything that it names. The tag moves only when all of that is there. Blobs of an image in the same
 * registry do not travel.
 */
export async function copyImage(from: ImageSource, to: Destination): Promise<Copied> {
  const { client, repository, tag } = to;
  const root = await read(from, from.digest, client.label, deepest);
  const blobs = new Map(blobsOf(root).map((blob) => [blob.digest, blob]));
  const limit = new Limit(blobsAtOnce);
  const origin = from.origin?.client.sharesWith(client) ? from.origin.repository : undefined;
  const sent = await all(
    [...blobs.values()].map((blob) =>
      limit.run(async () => {
        if (await client.hasBlob(repository, blob)) return 0;
        return (await client.uploadBlob(repository, blob, from.blob(blob), origin)) ? blob.size : undefined;
      }),
    ),
  );
  await putBelow(root, to);
  await client.putManifest(repository, tag, root.manifest.mediaType, root.manifest.bytes);
  const found = await client.resolve(repository, tag);
  if (found !== from.digest) {
    const what = `${repository}:${tag} was pushed as ${from.digest} and is ${found ?? "not there"} now: somebody else moves it too`;
    throw new RegistryError("digest", client.label, what);
  }
  return {
    bytes: sum(sent.map((bytes) => bytes ?? 0)),
    blobs: sent.filter((bytes) => bytes !== undefined && bytes > 0).length,
    total: { bytes: sum([...blobs.values()].map(({ size }) => size)), blobs: blobs.size },
  };
}

async function read(from: ImageSource, digest: string, label: string, depth: number): Promise<Node> {
  const manifest = await from.manifest(digest);
  const contents = parsed(manifest, from.origin?.client.label ?? label);
  if (contents.manifests.length > 0 && depth === 0) {
    throw new RegistryError("refused", label, `${from.digest} is an index of indexes, more than ${deepest} deep`);
  }
  const children = await all(contents.manifests.map((child) => read(from, child.digest, label, depth - 1)));
  return { manifest, contents, children };
}

function parsed({ bytes, digest }: RemoteManifest, label: string): Contents {
  try {
    return contentsOf(bytes);
  } catch (error) {
    throw new RegistryError("refused", label, `${digest} is no image: ${(error as Error).message}`);
  }
}

function blobsOf(node: Node): readonly Descriptor[] {
  return [...node.contents.blobs, ...node.children.flatMap(blobsOf)];
}

/** Puts the manifests that an index names, the innermost first: a registry takes an index only when they are there. */
async function putBelow(node: Node, { client, repository, tag }: Destination): Promise<void> {
  for (const child of node.children) {
    await putBelow(child, { client, repository, tag });
    const { digest, mediaType, bytes } = child.manifest;
    if ((await client.resolve(repository, digest)) === undefined) {
      await client.putManifest(repository, digest, mediaType, bytes);
    }
  }
}

/** Like Promise.all, but nothing is still under way when it rejects. */
async function all<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
