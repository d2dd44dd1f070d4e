import { createHash } from "node:crypto";
import type { RegistryClient } from "./client";

/**
 * What a tag pointed to before our first push is kept in the registry itself, under a second tag: there it survives whatever happens to us,
 * and no garbage collection takes its blobs.
 */
export function originalTag(tag: string): string {
  const name = `k3s-board.original.${tag}`;
  // A tag has at most 128 characters.
  return name.length <= 128
    ? name
    : `${name.slice(0, 95)}.${createHash("sha256").update(tag).digest("hex").slice(0, 32)}`;
}

/** Keeps what a tag points to, unless that was done before. Returns whether there is something kept. */
export async function keepOriginal(client: RegistryClient, repository: string, tag: string): Promise<boolean> {
  if ((await client.resolve(repository, originalTag(tag))) !== undefined) return true;
  const current = await client.manifest(repository, tag);
  if (!current) return false;
  await client.putManifest(repository, originalTag(tag), current.mediaType, current.bytes);
  return true;
}

/** Puts back what {@link keepOriginal} kept. Returns whether there was something. */
export async function restoreOriginal(client: RegistryClient, repository: string, tag: string): Promise<boolean> {
  const kept = await client.manifest(repository, originalTag(tag));
  if (!kept) return false;
  await client.putManifest(repository, tag, kept.mediaType, kept.bytes);
  await client.deleteManifest(repository, originalTag(tag));
  return true;
}
