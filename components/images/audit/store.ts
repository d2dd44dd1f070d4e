import type { Descriptor } from "../../../provider/registry/layout";

export type { Descriptor };

/** A manifest or an index as a store has it. */
export interface StoredManifest {
  /** `sha256:<hex>` of the bytes. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/**
 * Where images are read from: a registry (`RegistryClient` is one), an OCI layout directory, an archive. Repositories are paths as registries
 * have them (`library/busybox`), references tags or digests.
 */
export interface ImageStore {
  /** Digest that a tag points to, without reading what is there; `undefined` when there is no such tag. */
  resolve(repository: string, reference: string): Promise<string | undefined>;
  /** Manifest or index by tag or digest; `undefined` when there is none. */
  manifest(repository: string, reference: string): Promise<StoredManifest | undefined>;
  /** Bytes of a blob as a stream. It rejects at its end when they do not have the descriptor's digest or size. */
  blob(repository: string, descriptor: Descriptor): AsyncIterable<Buffer>;
}
