import { setTimeout as sleep } from "node:timers/promises";
import { rootCertificates } from "node:tls";
import { BoardError } from "../ssh/board-error";
import { Limit } from "../ssh/limit";
import { Authorizer } from "./authorization";
import type { Exchange } from "./exchange";
import { connectionError, reasonOf, RegistryError } from "./registry-error";
import {
  backoffMilliseconds,
  declined,
  defaultPatience,
  isPassingFailure,
  passing,
  retryAfterSeconds,
  type Patience,
} from "./retry";
import { UnfinishedUploads } from "./unfinished";
import { Transport, type Answer, type OpenAnswer, type Traffic, type TransportOptions } from "./transport";

/** A registry and how to get there. */
export interface RegistryOptions extends TransportOptions, Patience {
  /** Base address, `http://` or `https://`, without `/v2`. */
  readonly url: string;
  /** From where it is seen, for messages: "as seen from root@board". */
  readonly seenFrom?: string;
  readonly username?: string;
  readonly password?: string;
  /** Blobs are uploaded in pieces of so many bytes, each of which is lost at most when a connection breaks. Defaults to 16 MiB. */
  readonly chunkBytes?: number;
}

/** Says what takes so long. */
export type Note = (text: string) => void;

/** A request about one repository. */
export interface Request extends Exchange {
  /** Path in the registry; tokens are given for each. Empty for none. */
  readonly repository: string;
  /** Whether it may be sent again when nobody knows what came of it. Defaults to true for all methods but POST and PATCH. */
  readonly repeatable?: boolean;
}

const mostRedirects = 5;
const defaultChunkBytes = 16 * 1024 * 1024;
const uploadsAtOnce = 4;

/**
 * What clients of one registry share: connections, authorization, uploads that broke off. Sends requests with the authorization that is asked
 * for, follows redirects of reads, and repeats what failed in passing.
 */
export class Session {
  readonly base: URL;
  /** Address of the registry and from where it is seen, for messages. */
  readonly label: string;
  readonly traffic: Traffic = { sent: 0, received: 0, requests: 0 };
  readonly chunkBytes: number;
  /** Uploads that have begun and broke off. */
  readonly uploads: UnfinishedUploads;
  /** A repository of this registry that is known to have a blob, by digest. */
  readonly places = new Map<string, string>();
  /** As many as there are connections to a server that is reached directly. */
  readonly uploading = new Limit(uploadsAtOnce);
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #transports = new Map<string, Transport>();
  readonly #authorizers = new Map<string, Authorizer>();
  #answered = false;
  /** Until when, in milliseconds since 1970, the registry asked to be left alone. */
  #pausedUntil = 0;

  constructor(private readonly options: RegistryOptions) {
    this.base = new URL(options.url);
    this.label = options.seenFrom ? `${options.url} (${options.seenFrom})` : options.url;
    this.uploads = new UnfinishedUploads(this.label);
    this.chunkBytes = options.chunkBytes ?? defaultChunkBytes;
  }

  close(): void {
    for (const transport of this.#transports.values()) transport.close();
  }

  /**
   * Runs work about a blob after all other work about that blob: images that share a layer, wanted at the same time, send it once.
   *
   * @param work - is told whether there was other work before it.
   */
  async oneByOne<Result>(digest: string, work: (waited: boolean) => Promise<Result>): Promise<Result> {
    const before = this.#underWay.get(digest);
    const mine = before
      ? before.then(
          () => work(true),
          () => work(true),
        )
      : work(false);
    this.#underWay.set(digest, mine);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(digest) === mine) this.#underWay.delete(digest);
    }
  }

  /** Sends a request and reads the answer, whatever its status. */
  ask(request: Request, note: Note): Promise<Answer> {
    return this.#repeated(request, note, (exchange) => this.#transport(exchange.url).exchange(exchange));
  }

  /** Sends a request whose answer is read as it comes when it is a success; otherwise the answer is like that of {@link ask}. */
  open(request: Request, note: Note): Promise<Answer | OpenAnswer> {
    return this.#repeated<Answer | OpenAnswer>(request, note, async (exchange) => {
      const answer = await this.#transport(exchange.url).open(exchange);
      return answer.status >= 200 && answer.status < 300 ? answer : readWhole(answer);
    });
  }

  /** A failed connection in words. */
  spoken(error: unknown): Error {
    if (error instanceof RegistryError) return error;
    if (!(error instanceof BoardError)) return connectionError(this.label, error);
    // A board that is out of reach says more than this registry could; one that answers has nobody at that port.
    if (error.trouble !== "refused") return error;
    const remedy = "Check that it is running on the board and listens on that address";
    return new RegistryError("unreachable", this.label, `it does not answer (${error.message})`, remedy, {
      cause: error,
    });
  }

  async #repeated<Result extends Answer | OpenAnswer>(
    request: Request,
    note: Note,
    send: (exchange: Exchange) => Promise<Result>,
  ): Promise<Result> {
    const { retries, longestWaitSeconds } = { ...defaultPatience, ...this.options };
    const repeatable = request.repeatable ?? !["POST", "PATCH"].includes(request.method);
    for (let attempt = 1; ; attempt++) {
      let trouble: string;
      let wait = backoffMilliseconds(attempt);
      await sleep(Math.max(0, this.#pausedUntil - Date.now()));
      try {
        const answer = await this.#redirected(request, send);
        this.#answered = true;
        const { status } = answer;
        if (!passing.has(status) || !(repeatable || declined.has(status))) return answer;
        trouble = "body" in answer ? reasonOf(answer) : `HTTP ${status}`;
        const asked = retryAfterSeconds(answer.headers["retry-after"], Date.now());
        if (asked !== undefined) wait = asked * 1000;
        if (attempt > retries || wait > longestWaitSeconds * 1000) throw this.#exhausted(status, trouble, asked);
        if (declined.has(status)) this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + wait);
      } catch (error) {
        const spoken = this.spoken(error);
        if (!repeatable || attempt > retries || !this.#isPassing(error)) throw spoken;
        trouble = spoken.message;
      }
      note(`registry ${this.label}: ${trouble}; trying again in ${seconds(wait)} (${attempt} of ${retries})`);
      await sleep(wait);
    }
  }

  #isPassing(error: unknown): boolean {
    if (error instanceof BoardError) return error.trouble === "refused" && this.#answered;
    return isPassingFailure((error as NodeJS.ErrnoException).code, this.#answered);
  }

  #exhausted(status: number, trouble: string, asked: number | undefined): RegistryError {
    const wish = asked === undefined ? "" : `, and asks to wait ${asked} s`;
    if (status !== 429) {
      return new RegistryError("unreachable", this.label, `it is out of order (${trouble})${wish}`, "Try again later");
    }
    const remedy =
      this.options.username === undefined
        ? "Try again later, or set `username` and `password` of the registry: who logs in may usually do more"
        : "Try again later";
    return new RegistryError("limited", this.label, `it limits the number of requests (${trouble})${wish}`, remedy);
  }

  /** Follows redirects of reads: blobs, and some registries' manifests, are elsewhere. Nobody else gets the registry's credentials. */
  async #redirected<Result extends Answer | OpenAnswer>(
    { repository, ...request }: Request,
    send: (exchange: Exchange) => Promise<Result>,
  ): Promise<Result> {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#authorized(repository, { ...request, url }, send);
      const { location } = answer.headers;
      const isRead = request.method === "GET" || request.method === "HEAD";
      if (!isRead || ![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      const next = new URL(location, url);
      if (redirects === mostRedirects || (url.protocol === "https:" && next.protocol !== "https:")) {
        const what =
          redirects === mostRedirects ? "it redirects in circles" : `it redirects to ${next.origin}, without TLS`;
        throw new RegistryError("refused", this.label, what);
      }
      url = next;
    }
  }

  async #authorized<Result extends Answer | OpenAnswer>(
    repository: string,
    request: Exchange,
    send: (exchange: Exchange) => Promise<Result>,
  ): Promise<Result> {
    const authorizer = this.#authorizer(request.url);
    const sent = (authorization: string | undefined) =>
      send({ ...request, headers: { ...request.headers, ...(authorization ? { authorization } : {}) } });
    const first = await sent(await authorizer.header(repository));
    if (first.status !== 401) return first;
    const second = await sent(await authorizer.challenged(repository, first.headers["www-authenticate"]));
    if (second.status === 401) throw authorizer.refused(repository);
    return second;
  }

  #authorizer(url: URL): Authorizer {
    const known = this.#authorizers.get(url.origin);
    if (known) return known;
    const own = url.origin === this.base.origin;
    const { username, password = "", connect } = this.options;
    const authorizer = new Authorizer({
      base: own ? this.base : new URL(url.origin),
      label: own ? this.label : `${this.label}, redirected to ${url.origin}`,
      credentials: own && username !== undefined ? { username, password } : undefined,
      tunnelled: connect !== undefined,
      exchange: (request) => this.#transport(request.url).exchange(request),
    });
    this.#authorizers.set(url.origin, authorizer);
    return authorizer;
  }

  #transport(url: URL): Transport {
    const known = this.#transports.get(url.origin);
    if (known) return known;
    const { connect, ca, idleSeconds } = this.options;
    const idle = idleSeconds === undefined ? {} : { idleSeconds };
    const own = url.origin === this.base.origin;
    // Token servers and places of blobs may be the registry's neighbours, or anybody.
    const authorities = ca === undefined || own ? ca : [ca, ...rootCertificates].join("\n");
    const authority = authorities === undefined ? {} : { ca: authorities };
    const transport = new Transport(
      url,
      { ...idle, ...authority, ...(own && connect ? { connect } : {}) },
      this.traffic,
    );
    this.#transports.set(url.origin, transport);
    return transport;
  }
}

async function readWhole({ status, headers, content, close }: OpenAnswer): Promise<Answer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of content) chunks.push(chunk);
  } finally {
    close();
  }
  return { status, headers, body: Buffer.concat(chunks) };
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toFixed(1))} s`;
}
