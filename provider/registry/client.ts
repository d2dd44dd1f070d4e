import { BoardError } from "../ssh/board-error";
import { parseChallenge, tokenUrl, type Challenge } from "./challenge";
import { digestOf, mediaTypes, type Descriptor } from "./layout";
import { connectionError, RegistryError } from "./registry-error";
import { Transport, type Answer, type Exchange, type TransportOptions } from "./transport";

/** A registry and how to get there. */
export interface RegistryOptions extends TransportOptions {
  /** Base address, `http://` or `https://`, without `/v2`. */
  readonly url: string;
  /** From where it is seen, for messages: "as seen from root@board". */
  readonly seenFrom?: string;
  readonly username?: string;
  readonly password?: string;
}

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

/** Names of this machine itself. */
const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** Speaks OCI's distribution protocol with one registry. Every method rejects with a {@link RegistryError}. */
export class RegistryClient {
  readonly #base: URL;
  /** Address of the registry and from where it is seen, for messages. */
  readonly label: string;
  readonly #transport: Transport;
  /** Authorization headers that worked, by repository; the empty name is for all. */
  readonly #authorization = new Map<string, string>();

  constructor(private readonly options: RegistryOptions) {
    this.#base = new URL(options.url);
    this.label = options.seenFrom ? `${options.url} (${options.seenFrom})` : options.url;
    this.#transport = new Transport(this.#base, options);
  }

  close(): void {
    this.#transport.close();
  }

  /** Digest that a tag points to; `undefined` when the registry has no such tag. */
  async resolve(repository: string, reference: string): Promise<string | undefined> {
    const answer = await this.#ask(repository, {
      method: "HEAD",
      url: this.#at(repository, `manifests/${reference}`),
      headers: { accept: acceptedManifests },
    });
    if (answer.status === 404) return undefined;
    this.#expect(answer, [200], `looking for ${repository}:${reference}`);
    const digest = answer.headers["docker-content-digest"];
    return typeof digest === "string" ? digest : (await this.manifest(repository, reference))?.digest;
  }

  /** A manifest by tag or digest. Rejects when its bytes do not have the digest that was asked for or announced. */
  async manifest(repository: string, reference: string): Promise<RemoteManifest | undefined> {
    const answer = await this.#ask(repository, {
      method: "GET",
      url: this.#at(repository, `manifests/${reference}`),
      headers: { accept: acceptedManifests },
    });
    if (answer.status === 404) return undefined;
    this.#expect(answer, [200], `reading ${repository}:${reference}`);
    const digest = digestOf(answer.body);
    const announced = reference.startsWith("sha256:") ? reference : answer.headers["docker-content-digest"];
    if (announced !== undefined && announced !== digest) {
      throw this.#error(
        "digest",
        `the manifest of ${repository}:${reference} has digest ${digest} instead of ${String(announced)}`,
      );
    }
    return { digest, mediaType: answer.headers["content-type"] ?? mediaTypes.manifest, bytes: answer.body };
  }

  /** Puts a manifest under a tag. Its blobs must be there. */
  async putManifest(repository: string, tag: string, mediaType: string, bytes: Buffer): Promise<void> {
    const answer = await this.#ask(repository, {
      method: "PUT",
      url: this.#at(repository, `manifests/${tag}`),
      headers: { "content-type": mediaType },
      body: bytes,
    });
    this.#expect(answer, [201, 202], `tagging ${repository}:${tag}`);
    const stored = answer.headers["docker-content-digest"];
    if (stored !== undefined && stored !== digestOf(bytes)) {
      throw this.#error(
        "digest",
        `stored the manifest of ${repository}:${tag} as ${String(stored)} instead of ${digestOf(bytes)}`,
      );
    }
  }

  /** Whether a repository has a blob of that digest and size. */
  async hasBlob(repository: string, blob: Descriptor): Promise<boolean> {
    const answer = await this.#ask(repository, { method: "HEAD", url: this.#at(repository, `blobs/${blob.digest}`) });
    if (answer.status === 404) return false;
    this.#expect(answer, [200], `looking for blob ${blob.digest} of ${repository}`);
    const size = answer.headers["content-length"];
    return size === undefined || Number(size) === blob.size;
  }

  /**
   * Uploads a blob from a file. The registry checks the digest; an upload that breaks off leaves no blob.
   *
   * @param onSent - called with the number of bytes sent so far.
   */
  async uploadBlob(
    repository: string,
    blob: Descriptor,
    file: string,
    onSent?: (bytes: number) => void,
  ): Promise<void> {
    const what = `uploading blob ${blob.digest} to ${repository}`;
    const started = await this.#ask(repository, { method: "POST", url: this.#at(repository, "blobs/uploads/") });
    this.#expect(started, [202], what);
    const url = this.#uploadLocation(started.headers.location, what);
    url.searchParams.set("digest", blob.digest);
    const answer = await this.#ask(repository, {
      method: "PUT",
      url,
      headers: { "content-type": "application/octet-stream" },
      body: { file, size: blob.size },
      ...(onSent ? { onSent } : {}),
    });
    if (answer.status === 400 && /DIGEST_INVALID/.test(answer.body.toString("utf8"))) {
      throw this.#error(
        "digest",
        `${what}: what arrived does not have that digest`,
        "Delete its image from the local cache and try again",
      );
    }
    this.#expect(answer, [201], what);
  }

  /** Removes a tag or, by digest, a manifest. `false` when it was not there. Rejects as `unsupported` where the registry deletes nothing. */
  async deleteManifest(repository: string, reference: string): Promise<boolean> {
    const answer = await this.#ask(repository, {
      method: "DELETE",
      url: this.#at(repository, `manifests/${reference}`),
    });
    if (answer.status === 404) return false;
    if (answer.status === 405 || answer.status === 400) {
      throw this.#error("unsupported", `it does not delete ${repository}:${reference} (${reasonOf(answer)})`);
    }
    this.#expect(answer, [200, 202, 204], `deleting ${repository}:${reference}`);
    return true;
  }

  /** Every tag of a repository. */
  async tags(repository: string): Promise<readonly string[]> {
    const found: string[] = [];
    let url: URL | undefined = this.#at(repository, "tags/list");
    while (url) {
      const answer: Answer = await this.#ask(repository, { method: "GET", url });
      if (answer.status === 404) return found;
      this.#expect(answer, [200], `listing the tags of ${repository}`);
      found.push(...((JSON.parse(answer.body.toString("utf8")) as { tags?: string[] | null }).tags ?? []));
      const next: string | undefined = /<([^>]+)>;\s*rel="?next"?/.exec(String(answer.headers.link ?? ""))?.[1];
      url = next ? new URL(next, url) : undefined;
    }
    return found;
  }

  #at(repository: string, path: string): URL {
    return new URL(`/v2/${repository}/${path}`, this.#base);
  }

  /** Uploads go where the registry says, as long as that is the registry: nobody else gets credentials and images. */
  #uploadLocation(location: string | undefined, what: string): URL {
    const url = new URL(location ?? "", this.#base);
    if (!location || url.hostname !== this.#base.hostname) {
      throw this.#error(
        "refused",
        `${what}: it wants the upload at ${location ? url.host : "no place"}, which is not itself`,
      );
    }
    return new URL(`${url.pathname}${url.search}`, this.#base);
  }

  /** One exchange, with the credentials that the registry asks for. */
  async #ask(repository: string, request: Exchange): Promise<Answer> {
    const known = this.#authorization.get(repository) ?? this.#authorization.get("");
    const answer = await this.#send(request, known);
    if (answer.status !== 401) return answer;
    const challenge = parseChallenge(answer.headers["www-authenticate"] ?? "");
    if (!challenge)
      throw this.#error("unauthorized", "it refuses access, and asks for credentials in a way that is not supported");
    const authorization = await this.#authorize(challenge);
    const second = await this.#send(request, authorization);
    if (second.status === 401) throw this.#unauthorized();
    this.#authorization.set(challenge.scheme === "basic" ? "" : repository, authorization);
    return second;
  }

  async #authorize(challenge: Challenge): Promise<string> {
    const basic = this.#basic();
    if (challenge.scheme === "basic") {
      if (!basic) throw this.#unauthorized();
      return basic;
    }
    const url = tokenUrl(challenge, this.#base);
    const own = url.host === this.#base.host;
    const guarded = url.protocol === "https:" || (this.options.connect === undefined && loopback.test(url.hostname));
    if (basic && !own && !guarded) {
      throw this.#error(
        "unauthorized",
        `it sends to ${url.origin} for a token, and credentials do not go there without TLS`,
      );
    }
    const transport = own ? this.#transport : new Transport(url, this.options.ca ? { ca: this.options.ca } : {});
    try {
      const answer = await this.#send({ method: "GET", url }, basic, transport);
      if (answer.status === 401 || answer.status === 403) throw this.#unauthorized();
      this.#expect(answer, [200], `asking ${url.host} for a token`);
      const body = JSON.parse(answer.body.toString("utf8")) as { token?: string; access_token?: string };
      const token = body.token ?? body.access_token;
      if (!token) throw this.#error("refused", `${url.host} answers without a token`);
      return `Bearer ${token}`;
    } finally {
      if (!own) transport.close();
    }
  }

  #basic(): string | undefined {
    const { username, password } = this.options;
    if (username === undefined) return undefined;
    return `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
  }

  async #send(request: Exchange, authorization: string | undefined, transport = this.#transport): Promise<Answer> {
    const headers = { ...request.headers, ...(authorization ? { authorization } : {}) };
    try {
      return await transport.exchange({ ...request, headers });
    } catch (error) {
      if (!(error instanceof BoardError)) throw connectionError(this.label, error);
      // A board that is out of reach says more than this registry could; one that answers has nobody at that port.
      if (error.trouble !== "refused") throw error;
      const remedy = "Check that it is running on the board and listens on that address";
      throw new RegistryError("unreachable", this.label, `it does not answer (${error.message})`, remedy, {
        cause: error,
      });
    }
  }

  #unauthorized(): RegistryError {
    const known = this.options.username !== undefined;
    return this.#error(
      "unauthorized",
      known ? "it refuses the user name or the password" : "it wants a user name and a password",
      known ? "Check `username` and `password` of the registry" : "Set `username` and `password` of the registry",
    );
  }

  #expect(answer: Answer, statuses: readonly number[], what: string): void {
    if (statuses.includes(answer.status)) return;
    if (answer.status === 401 || answer.status === 403) {
      throw this.#error("unauthorized", `${what}: ${reasonOf(answer)}`, "Check what its user may do");
    }
    throw this.#error("refused", `${what} failed: ${reasonOf(answer)}`);
  }

  #error(trouble: RegistryError["trouble"], what: string, remedy?: string): RegistryError {
    return new RegistryError(trouble, this.label, what, remedy);
  }
}

/** Status and, where the registry sends one, its own message. */
function reasonOf(answer: Answer): string {
  const text = answer.body.toString("utf8").slice(0, 2000);
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { code?: string; message?: string; detail?: unknown }[] };
    const said = errors.map(({ code, message, detail }) =>
      [code, message, detailOf(detail)].filter(Boolean).join(": "),
    );
    return [`HTTP ${answer.status}`, ...said].join(", ");
  } catch {
    return [`HTTP ${answer.status}`, text.trim().slice(0, 200)].filter(Boolean).join(", ");
  }
}

function detailOf(detail: unknown): string {
  return detail === undefined || detail === null ? "" : JSON.stringify(detail).slice(0, 300);
}
