import { createReadStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import tls from "node:tls";

/** How a transport gets to its server. */
export interface TransportOptions {
  /** PEM certificate of the CA, instead of the public ones. */
  readonly ca?: string;
  /** Opens a stream to the server; without it, TCP from this machine. */
  readonly connect?: () => Promise<Duplex>;
  /** Seconds without any progress until an exchange is given up. Defaults to 60. */
  readonly idleSeconds?: number;
}

/** One HTTP request. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | { readonly file: string; readonly size: number };
  /** Called with the number of bytes sent so far. */
  readonly onSent?: (bytes: number) => void;
}

/** The answer, its body read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Manifests and error texts; nothing else is read. */
const bodyLimit = 8 * 1024 * 1024;
/** Failures of a kept connection that the server had closed meanwhile. */
const staleCodes = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * HTTP to one server over one kept connection: many images cost one SSH channel, not one each. Exchanges wait for each other.
 */
export class Transport {
  readonly #agent: http.Agent;
  readonly #idleSeconds: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(base: URL, options: TransportOptions = {}) {
    const secure = base.protocol === "https:";
    const settings = { keepAlive: true, maxSockets: 1, ...(options.ca ? { ca: options.ca } : {}) };
    this.#agent = secure ? new https.Agent(settings) : new http.Agent(settings);
    this.#idleSeconds = options.idleSeconds ?? 60;
    const { connect } = options;
    if (connect) {
      const open = async () => {
        const stream = likeSocket(await connect());
        return secure ? secured(stream, base.hostname, options.ca) : stream;
      };
      // Node's agent takes the connection from a callback when the function returns nothing.
      Object.assign(this.#agent, {
        createConnection: (_: unknown, done: (error: Error | null, stream?: Duplex) => void) => {
          open().then(
            (stream) => done(null, stream),
            (error: unknown) => done(error as Error),
          );
        },
      });
    }
  }

  /** Sends a request and reads the answer. Rejects with what the connection said. */
  exchange(request: Exchange): Promise<Answer> {
    // The agent's own limit does not count connections that are still being made, so a burst of requests would open one each.
    const answer = this.#last.then(() => this.#attempt(request));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #attempt(request: Exchange): Promise<Answer> {
    try {
      return await this.#once(request);
    } catch (error) {
      const { code = "", reused } = error as NodeJS.ErrnoException & { reused?: boolean };
      if (!reused || !staleCodes.has(code)) throw error;
      return this.#once(request);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #once({ method, url, headers = {}, body, onSent }: Exchange): Promise<Answer> {
    const length =
      body === undefined ? {} : { "content-length": String(Buffer.isBuffer(body) ? body.length : body.size) };
    const module = url.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
      const request = module.request(url, { method, agent: this.#agent, headers: { ...headers, ...length } });
      let timer: NodeJS.Timeout | undefined;
      const progress = () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          const error: NodeJS.ErrnoException = new Error(`no progress for ${this.#idleSeconds} s`);
          error.code = "ETIMEDOUT";
          request.destroy(error);
        }, this.#idleSeconds * 1000);
      };
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(Object.assign(error, { reused: request.reusedSocket }));
      };
      // Waiting for the connection to become free is no lack of progress.
      request.once("socket", progress);
      request.on("error", fail);
      request.once("response", (response) => {
        progress();
        readBody(response, progress).then((bytes) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes });
        }, fail);
      });
      if (body === undefined || Buffer.isBuffer(body)) request.end(body);
      else {
        let sent = 0;
        const file = createReadStream(body.file, { highWaterMark: 256 * 1024, end: Math.max(0, body.size - 1) });
        file.on("data", (chunk) => {
          sent += chunk.length;
          onSent?.(sent);
          progress();
        });
        // What breaks the request is reported by its own error event, or by an answer that came early.
        pipeline(file, request).catch((error: unknown) => request.destroy(error as Error));
      }
    });
  }
}

async function readBody(response: http.IncomingMessage, progress: () => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    progress();
    size += (chunk as Buffer).length;
    if (size > bodyLimit) throw new Error(`the answer is longer than ${bodyLimit} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** An SSH channel with the parts of a socket that Node's HTTP client calls on every connection; none of them means anything for a channel. */
function likeSocket(stream: Duplex): Duplex {
  const itself = () => stream;
  return Object.assign(stream, {
    setKeepAlive: itself,
    setNoDelay: itself,
    setTimeout: itself,
    ref: itself,
    unref: itself,
  });
}

function secured(stream: Duplex, host: string, ca: string | undefined): Promise<Duplex> {
  const name = host.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: stream,
      host: name,
      servername: isIP(name) ? "" : name,
      ...(ca ? { ca } : {}),
    });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
