import { z } from "zod";
import type { ImageSource } from "./copy";
import { readBlob } from "./download";
import { digestOf, mediaTypes, type Descriptor } from "./layout";
import { referrerFallbackTag, referrerIndex, type Referrer } from "./referrers";
import { reasonOf, RegistryError } from "./registry-error";
import { Session, type Note, type RegistryOptions, type Request } from "./session";
import type { Answer, Traffic } from "./transport";
import type { BlobSource } from "./parts";
import { Upload } from "./upload";

export type { Note, RegistryOptions } from "./session";

/** A page of a repository's tags; a repository without any may have `null`. */
const tagList = z.object({ tags: z.array(z.string()).nullish() });

/** A manifest as a registry has it. */
export interface RemoteManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const acceptedManifests = [
  mediaTypes.manifest,
  mediaTypes.index,
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");

/**
 * Speaks OCI's distribution protocol with one registry. Every method rejects with a {@link RegistryError}. Requests that fail in passing
 * (429 and 503 with their `Retry-After`, 5xx, broken connections) are repeated a few times; each time is said to `note`.
 */
export class RegistryClient {
  readonly #session: Session;

  /** @param note - is told what takes so long: waits that the registry asked for, connections that broke, megabytes sent. */
  constructor(
    registry: RegistryOptions | Session,
    private readonly note: Note = () => undefined,
  ) {
    this.#session = registry instanceof Session ? registry : new Session(registry);
  }

  /** Address of the registry and from where it is seen, for messages. */
  get label(): string {
    return this.#session.label;
  }

  /** Bytes of bodies and number of requests of this client, and of all that were made from it, so far. */
  get traffic(): Readonly<Traffic> {
    return this.#session.traffic;
  }

  /** The same client, with its connections and logins, that tells somebody else what takes so long. */
  noting(note: Note): RegistryClient {
    return new RegistryClient(this.#session, note);
  }

  /** Whether both speak with one registry over the same connections. */
  sharesWith(other: RegistryClient): boolean {
    return this.#session === other.#session;
  }

  close(): void {
    this.#session.close();
  }

  /** Digest that a tag points to; `undefined` when the registry has no such tag. */
  async resolve(repository: string, reference: string): Promise<string | undefined> {
    const answer = await this.#ask(repository, "HEAD", `manifests/${reference}`, { accept: acceptedManifests });
    if (answer.status === 404) return undefined;
    this.#expect(answer, [200], `looking for ${named(repository, reference)}`);
    const digest = answer.headers["docker-content-digest"];
    return typeof digest === "string" ? digest : (await this.manifest(repository, reference))?.digest;
  }

  /** A manifest by tag or digest. Rejects when its bytes do not have the digest that was asked for or announced. */
  async manifest(repository: string, reference: string): Promise<RemoteManifest | undefined> {
    const answer = await this.#ask(repository, "GET", `manifests/${reference}`, { accept: acceptedManifests });
    if (answer.status === 404) return undefined;
    const name = named(repository, reference);
    this.#expect(answer, [200], `reading ${name}`);
    const digest = digestOf(answer.body);
    const announced = reference.startsWith("sha256:") ? reference : answer.headers["docker-content-digest"];
    if (announced !== undefined && announced !== digest) {
      throw this.#error("digest", `the manifest of ${name} has digest ${digest} instead of ${String(announced)}`);
    }
    const [mediaType = ""] = (answer.headers["content-type"] ?? "").split(";");
    return { digest, mediaType: mediaType.trim() || mediaTypes.manifest, bytes: answer.body };
  }

  /** Puts a manifest under a tag or its digest. Its blobs must be there. */
  async putManifest(repository: string, reference: string, mediaType: string, bytes: Buffer): Promise<void> {
    const headers = { "content-type": mediaType };
    const answer = await this.#ask(repository, "PUT", `manifests/${reference}`, headers, bytes);
    const name = named(repository, reference);
    this.#expect(answer, [201, 202], `tagging ${name}`);
    const stored = answer.headers["docker-content-digest"];
    if (stored !== undefined && stored !== digestOf(bytes)) {
      const what = `stored the manifest of ${name} as ${String(stored)} instead of ${digestOf(bytes)}`;
      throw this.#error("digest", what);
    }
  }

  /** Whether a repository has a blob of that digest and size. */
  async hasBlob(repository: string, blob: Descriptor): Promise<boolean> {
    const answer = await this.#ask(repository, "HEAD", `blobs/${blob.digest}`);
    if (answer.status === 404) return false;
    this.#expect(answer, [200], `looking for blob ${blob.digest} of ${repository}`);
    const size = answer.headers["content-length"];
    const has = size === undefined || Number(size) === blob.size;
    if (has) this.#session.places.set(blob.digest, repository);
    return has;
  }

  /**
   * Bytes of a blob as a stream; a broken connection goes on where it broke. Rejects at its end when they do not have the descriptor's digest
   * or size.
   *
   * @param options.from - offset to start at; a part is checked against the size only. Defaults to 0.
   */
  blob(repository: string, blob: Descriptor, { from = 0 }: { readonly from?: number } = {}): AsyncIterable<Buffer> {
    return readBlob(this.#session, repository, blob, { from }, this.note);
  }

  /**
   * Uploads a blob; or has the registry take it from another repository, where it is known to have it there already. Goes on with an upload of
   * that blob that broke off. Rejects as `digest` when the source or what arrived is not that blob; then there is none.
   *
   * @param mountFrom - repository that has the blob. Defaults to one where this client has seen it.
   * @returns whether its bytes were sent.
   */
  async uploadBlob(repository: string, blob: Descriptor, source: BlobSource, mountFrom?: string): Promise<boolean> {
    const { places, uploading } = this.#session;
    const sent = await this.#session.oneByOne(blob.digest, async (waited) => {
      if (waited && (await this.hasBlob(repository, blob))) return false;
      const from = mountFrom ?? places.get(blob.digest);
      const upload = new Upload(this.#session, repository, blob, this.note);
      return uploading.run(() => upload.run(source, from === repository ? undefined : from));
    });
    places.set(blob.digest, repository);
    return sent;
  }

  /** Removes a tag or, by digest, a manifest. `false` when it was not there. Rejects as `unsupported` where the registry deletes nothing. */
  async deleteManifest(repository: string, reference: string): Promise<boolean> {
    const answer = await this.#ask(repository, "DELETE", `manifests/${reference}`);
    if (answer.status === 404) return false;
    const name = named(repository, reference);
    if (answer.status === 405 || answer.status === 400) {
      throw this.#error("unsupported", `it does not delete ${name} (${reasonOf(answer)})`);
    }
    this.#expect(answer, [200, 202, 204], `deleting ${name}`);
    return true;
  }

  /** Every tag of a repository. */
  async tags(repository: string): Promise<readonly string[]> {
    const what = `listing the tags of ${repository}`;
    const pages = await this.#pages(repository, "tags/list", what);
    return (pages ?? []).flatMap((page) => this.#read(page, tagList, what).tags ?? []);
  }

  /**
   * What else there is about a manifest: signatures, SBOMs, attestations that name it as their subject. Registries without the referrers API
   * are asked for the tag that takes its place (OCI distribution 1.1, referrers tag schema).
   */
  async referrers(repository: string, digest: string): Promise<readonly Referrer[]> {
    const what = `looking for referrers of ${digest}`;
    const listed = (page: Buffer) => this.#read(page, referrerIndex, what).manifests;
    const pages = await this.#pages(repository, `referrers/${digest}`, what);
    if (pages) return pages.flatMap(listed);
    const fallback = await this.manifest(repository, referrerFallbackTag(digest));
    return fallback ? listed(fallback.bytes) : [];
  }

  /** An image of this registry, to be copied. */
  image(repository: string, digest: string): ImageSource {
    return {
      digest,
      origin: { client: this, repository },
      manifest: async (reference) => {
        const found = await this.manifest(repository, reference);
        if (found) return found;
        throw this.#error("refused", `it has no manifest ${reference} in ${repository} (any more)`);
      },
      blob: (blob) => ({
        open: (from) => readBlob(this.#session, repository, blob, { from, unchecked: true }, this.note),
      }),
    };
  }

  /** Bodies of all pages of a list; `undefined` when there is no such list. */
  async #pages(repository: string, path: string, what: string): Promise<Buffer[] | undefined> {
    const pages: Buffer[] = [];
    let url: URL | undefined = this.#at(repository, path);
    while (url) {
      const answer: Answer = await this.#session.ask({ method: "GET", url, repository }, this.note);
      if (answer.status === 404) return undefined;
      this.#expect(answer, [200], what);
      pages.push(answer.body);
      const next: string | undefined = /<([^>]+)>;\s*rel="?next"?/.exec(String(answer.headers.link ?? ""))?.[1];
      const following: URL | undefined = next ? new URL(next, url) : undefined;
      url = following && new URL(`${following.pathname}${following.search}`, url);
    }
    return pages;
  }

  #at(repository: string, path: string): URL {
    return new URL(`/v2/${repository}/${path}`, this.#session.base);
  }

  #ask(
    repository: string,
    method: Request["method"],
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer,
  ): Promise<Answer> {
    const url = this.#at(repository, path);
    return this.#session.ask({ method, url, repository, headers, ...(body ? { body } : {}) }, this.note);
  }

  #expect(answer: Answer, statuses: readonly number[], what: string): void {
    if (statuses.includes(answer.status)) return;
    if (answer.status === 401 || answer.status === 403) {
      throw this.#error("unauthorized", `${what}: ${reasonOf(answer)}`, "Check what its user may do");
    }
    throw this.#error("refused", `${what} failed: ${reasonOf(answer)}`);
  }

  /** What a registry says in JSON. What is something else comes from a proxy or a portal that stands before it. */
  #read<T>(body: Buffer, schema: z.ZodType<T>, what: string): T {
    try {
      return schema.parse(JSON.parse(body.toString("utf8")));
    } catch {
      const begin = body.toString("utf8").slice(0, 60).trim();
      throw this.#error(
        "refused",
        `${what}: the answer is not a registry's, it begins with ${JSON.stringify(begin)}`,
        "Check the address, and what stands before the registry",
      );
    }
  }

  #error(trouble: RegistryError["trouble"], what: string, remedy?: string): RegistryError {
    return new RegistryError(trouble, this.label, what, remedy);
  }
}

function named(repository: string, reference: string): string {
  return `${repository}${reference.startsWith("sha256:") ? "@" : ":"}${reference}`;
}
