import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Body } from "./exchange";
import type { Descriptor } from "./layout";
import { Parts, type BlobSource, type Seen } from "./parts";
import { reasonOf, RegistryError } from "./registry-error";
import { backoffMilliseconds } from "./retry";
import type { Note, Session } from "./session";
import type { Answer } from "./transport";

/** A blob that lies in a file. */
export function fileSource(path: string): BlobSource {
  return { open: (start) => createReadStream(path, { start, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer> };
}

/** An upload as the registry knows it. */
interface Place {
  readonly url: URL;
  /** Bytes that it has. */
  readonly offset: number;
}

/** Breaks without any progress in between, after which an upload is given up. */
const mostBreaks = 5;
/** No registry is asked to take less at once. */
const leastChunk = 256 * 1024;

/**
 * Uploads one blob, in chunks. When the connection breaks or the registry is restarted, the registry is asked how much it has, and the upload
 * goes on from there; so does the next run after one that was killed. The digest is checked here while the bytes pass, where all
 * of them do, and by the registry.
 */
export class Upload {
  readonly #what: string;
  #chunkBytes: number;

  constructor(
    private readonly session: Session,
    private readonly repository: string,
    private readonly blob: Descriptor,
    private readonly note: Note,
  ) {
    this.#what = `uploading blob ${blob.digest} to ${repository}`;
    this.#chunkBytes = session.chunkBytes;
  }

  /**
   * @param mountFrom - repository of the same registry that has the blob, perhaps.
   * @returns whether anything had to be sent; `false` where the registry took the blob from `mountFrom`.
   */
  async run(source: BlobSource, mountFrom?: string): Promise<boolean> {
    const parts = new Parts(source, this.blob.size, (seen) => this.#refused(seen));
    try {
      return await this.#run(parts, mountFrom);
    } finally {
      parts.close();
    }
  }

  async #run(parts: Parts, mountFrom: string | undefined): Promise<boolean> {
    let place = (await this.#continued()) ?? (await this.#begun(mountFrom));
    let furthest = place?.offset ?? 0;
    for (let breaks = 0; place !== undefined;) {
      const trouble = await this.#send(parts, place);
      if (trouble === undefined) break;
      place = await this.#continued();
      // Nothing known of the upload: either all had arrived, and only the answer was lost, or the registry has forgotten it.
      if (place === undefined && (await this.#arrived())) break;
      place ??= await this.#begun();
      const goesOn = place !== undefined && place.offset > furthest;
      // a proxy that does not want so much at once often closes the connection before its answer is read
      if (!goesOn) this.#sendLess();
      breaks = goesOn ? 0 : breaks + 1;
      furthest = Math.max(furthest, place?.offset ?? 0);
      if (breaks > mostBreaks) throw trouble;
      this.note(`${trouble.message} Going on at ${place?.offset ?? 0} of ${this.blob.size} bytes`);
      await sleep(backoffMilliseconds(breaks));
    }
    this.#forget();
    return place !== undefined;
  }

  /** Sends what is missing. Returns what went wrong where asking for the upload's status may help. */
  async #send(parts: Parts, { url, offset }: Place): Promise<RegistryError | undefined> {
    const { size } = this.blob;
    let at = url;
    for (let sent = offset; sent < size;) {
      const length = Math.min(this.#chunkBytes, size - sent);
      const part = await parts.part(sent, length);
      if (length === size) return this.#finish(at, parts, part);
      const headers = {
        "content-type": "application/octet-stream",
        "content-range": `${sent}-${sent + length - 1}`,
      };
      const answer = await this.#ask("PATCH", at, headers, part, parts);
      if (answer instanceof RegistryError) return answer;
      if (answer.status === 413 && this.#chunkBytes > leastChunk) return this.#refusal(answer);
      const trouble = this.#judge(answer, 202);
      if (trouble) return trouble;
      at = this.#remember(answer);
      sent += length;
      this.note(`${megabytes(sent)} of ${megabytes(size)} sent`);
    }
    return this.#finish(at, parts);
  }

  #sendLess(): void {
    this.#chunkBytes = Math.min(this.#chunkBytes, Math.max(leastChunk, Math.floor(this.#chunkBytes / 2)));
  }

  async #finish(url: URL, parts: Parts, body?: Body): Promise<RegistryError | undefined> {
    const at = new URL(url);
    at.searchParams.set("digest", this.blob.digest);
    const headers = { "content-type": "application/octet-stream" };
    const answer = await this.#ask("PUT", at, headers, body ?? Buffer.alloc(0), parts);
    if (answer instanceof RegistryError) return answer;
    if (answer.status === 400 && /DIGEST_INVALID/.test(answer.body.toString("utf8"))) {
      this.#forget();
      throw new RegistryError(
        "digest",
        this.session.label,
        `${this.#what}: what arrived does not have that digest`,
        "Try again; if it fails again, delete the image from the local cache",
      );
    }
    return this.#judge(answer, 201);
  }

  /** Why bytes are not the blob; said before the registry gets the last of them. */
  #refused({ size, digest }: Seen): RegistryError | undefined {
    if (size === this.blob.size && (digest === undefined || digest === this.blob.digest)) return undefined;
    return new RegistryError(
      "digest",
      this.session.label,
      size === this.blob.size
        ? `${this.#what}: its source has digest ${digest}`
        : `${this.#what}: its source has ${size} bytes instead of ${this.blob.size}`,
      "It is damaged there, or was changed on its way; if it comes from the local cache, delete it there and try again",
    );
  }

  /** Takes back what the registry has of an upload that cannot become the blob. */
  async #abandon(url: URL): Promise<void> {
    this.#forget();
    await this.session.ask({ method: "DELETE", url, repository: this.repository }, this.note).catch(() => undefined);
  }

  /** An upload that broke off, here or in an earlier try, where the registry still knows it. */
  async #continued(): Promise<Place | undefined> {
    const address = this.session.uploads.get(this.repository, this.blob.digest);
    if (address === undefined) return undefined;
    const url = new URL(address, this.session.base);
    if (url.origin !== this.session.base.origin) return undefined;
    const answer = await this.session.ask({ method: "GET", url, repository: this.repository }, this.note);
    if (answer.status !== 204 && answer.status !== 202) {
      this.#forget();
      return undefined;
    }
    // "0-0" means no byte in most registries, although it could mean one.
    const last = Number(/(\d+)\s*$/.exec(String(answer.headers.range ?? ""))?.[1] ?? 0);
    return { url: this.#remember(answer, url), offset: last === 0 ? 0 : last + 1 };
  }

  /** A new upload; `undefined` when the registry took the blob from the other repository. */
  async #begun(mountFrom?: string): Promise<Place | undefined> {
    const url = new URL(`/v2/${this.repository}/blobs/uploads/`, this.session.base);
    if (mountFrom !== undefined) {
      url.searchParams.set("mount", this.blob.digest);
      url.searchParams.set("from", mountFrom);
    }
    const answer = await this.session.ask(
      { method: "POST", url, repository: this.repository, repeatable: true },
      this.note,
    );
    if (answer.status === 201 && mountFrom !== undefined) return undefined;
    if (answer.status !== 202) {
      // Who may not read the other repository uploads like everybody else.
      if (mountFrom !== undefined) return this.#begun();
      throw this.#refusal(answer);
    }
    const least = Number(answer.headers["oci-chunk-min-length"] ?? 0);
    if (least > this.#chunkBytes) this.#chunkBytes = least;
    return { url: this.#remember(answer), offset: 0 };
  }

  async #arrived(): Promise<boolean> {
    const url = new URL(`/v2/${this.repository}/blobs/${this.blob.digest}`, this.session.base);
    const answer = await this.session.ask({ method: "HEAD", url, repository: this.repository }, this.note);
    return answer.status === 200;
  }

  /** A request that is sent once; a broken connection is an answer, because the registry can be asked what came of it. */
  async #ask(
    method: "PATCH" | "PUT",
    url: URL,
    headers: Record<string, string>,
    body: Buffer | Body,
    parts: Parts,
  ): Promise<Answer | RegistryError> {
    const { repository } = this;
    try {
      return await this.session.ask({ method, url, headers, body, repository, repeatable: false }, this.note);
    } catch (error) {
      const { fault } = parts;
      if (fault !== undefined) {
        if (fault instanceof RegistryError && fault.trouble === "digest") await this.#abandon(url);
        throw fault;
      }
      if (error instanceof RegistryError && error.trouble === "unreachable") return error;
      throw error;
    }
  }

  /** `undefined` for success; the trouble, where the upload may go on after its status was asked; otherwise throws. */
  #judge(answer: Answer, wanted: number): RegistryError | undefined {
    if (answer.status === wanted) return undefined;
    const lost = /BLOB_UPLOAD_(UNKNOWN|INVALID)/.test(answer.body.toString("utf8"));
    if (answer.status === 404 || answer.status === 416 || answer.status >= 500 || lost) return this.#refusal(answer);
    throw this.#refusal(answer);
  }

  #refusal(answer: Answer): RegistryError {
    const { label } = this.session;
    if (answer.status === 401 || answer.status === 403) {
      const what = `${this.#what}: ${reasonOf(answer)}`;
      return new RegistryError("unauthorized", label, what, "Check what its user may do");
    }
    return new RegistryError("refused", label, `${this.#what} failed: ${reasonOf(answer)}`);
  }

  #forget(): void {
    this.session.uploads.delete(this.repository, this.blob.digest);
  }

  /** Uploads go where the registry says, as long as that is the registry: nobody else gets credentials and images. */
  #remember(answer: Answer, fallback?: URL): URL {
    const { base, label, uploads } = this.session;
    const { location } = answer.headers;
    const url = location ? new URL(location, base) : fallback;
    if (url === undefined || url.hostname !== base.hostname) {
      const what = `${this.#what}: it wants the upload at ${url ? url.host : "no place"}, which is not itself`;
      throw new RegistryError("refused", label, what);
    }
    const at = new URL(`${url.pathname}${url.search}`, base);
    uploads.set(this.repository, this.blob.digest, `${at.pathname}${at.search}`);
    return at;
  }
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
