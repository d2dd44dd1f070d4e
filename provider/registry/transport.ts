import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { Limit } from "../ssh/limit";
import { bodyOf, idleError, send, type Exchange } from "./exchange";

/** How a transport gets to its server. */
export interface TransportOptions {
  /** PEM certificate of the CA, instead of the public ones. */
  readonly ca?: string;
  /** Opens a stream to the server; without it, TCP from this machine. */
  readonly connect?: () => Promise<Duplex>;
  /** Seconds without any progress until an exchange is given up. Defaults to 60. */
  readonly idleSeconds?: number;
}

/** What went over the wire so far: bodies in bytes, without headers, and requests, repeated ones included. */
export interface Traffic {
  sent: number;
  received: number;
  requests: number;
}

/** The answer, its body read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An answer whose body is read as it comes. `close` must be called, however far it was read. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly content: AsyncIterable<Buffer>;
  readonly close: () => void;
}

/** Manifests and error texts; blobs are streamed. */
const bodyLimit = 8 * 1024 * 1024;
const defaultIdleSeconds = 60;
/** Failures of a kept connection that the server had closed meanwhile. */
const staleCodes = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** Connections of each kind to a server that is reached directly; through a board it is one, because each is an SSH channel. */
const directConnections = 4;

/**
 * HTTP to one server over few kept connections. Downloads have connections of their own: one that waits for its reader, who may be uploading to
 * the same server, holds up no other request.
 */
export class Transport {
  readonly #agents: { readonly exchanges: http.Agent; readonly downloads: http.Agent };
  readonly #exchanges: Limit;
  readonly #downloads: Limit;
  readonly #idleSeconds: number;

  constructor(
    base: URL,
    options: TransportOptions = {},
    private readonly traffic: Traffic = { sent: 0, received: 0, requests: 0 },
  ) {
    const connections = options.connect ? 1 : directConnections;
    this.#agents = { exchanges: agentFor(base, options, connections), downloads: agentFor(base, options, connections) };
    // The agents' own limit does not count connections that are still being made, so a burst of requests would open one each.
    this.#exchanges = new Limit(connections);
    this.#downloads = new Limit(connections);
    this.#idleSeconds = options.idleSeconds ?? defaultIdleSeconds;
  }

  /** Sends a request and reads the answer. Rejects with what the connection said. */
  exchange(request: Exchange): Promise<Answer> {
    return this.#exchanges.run(() =>
      this.#attempt(request, async () => {
        const response = await this.#send(request, this.#agents.exchanges);
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of this.#counted(response)) {
          size += chunk.length;
          if (size > bodyLimit) throw new Error(`the answer is longer than ${bodyLimit} bytes`);
          chunks.push(chunk);
        }
        return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
      }),
    );
  }

  /** Sends a request and hands the answer out as soon as its head is there. */
  open(request: Exchange): Promise<OpenAnswer> {
    return new Promise((resolve, reject) => {
      const download = async () => {
        const response = await this.#attempt(request, () => this.#send(request, this.#agents.downloads));
        await new Promise<void>((closed) => {
          const close = () => {
            // Read to its end, the connection stays for the next download; otherwise it is of no use any more.
            if (!response.complete) response.destroy();
            closed();
          };
          const { statusCode = 0, headers } = response;
          resolve({ status: statusCode, headers, content: this.#counted(response), close });
        });
      };
      this.#downloads.run(download).catch(reject);
    });
  }

  close(): void {
    this.#agents.exchanges.destroy();
    this.#agents.downloads.destroy();
  }

  #send(request: Exchange, agent: http.Agent): Promise<http.IncomingMessage> {
    this.traffic.requests += 1;
    return send(request, agent, this.#idleSeconds, (bytes) => (this.traffic.sent += bytes));
  }

  async *#counted(response: http.IncomingMessage): AsyncGenerator<Buffer> {
    for await (const chunk of bodyOf(response, this.#idleSeconds)) {
      this.traffic.received += chunk.length;
      yield chunk;
    }
  }

  async #attempt<Result>({ method }: Exchange, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { code = "", reused } = error as NodeJS.ErrnoException & { reused?: boolean };
      // A part of an upload may have arrived: whoever sends it asks how much.
      if (!reused || !staleCodes.has(code) || method === "PATCH") throw error;
      return work();
    }
  }
}

function agentFor(
  base: URL,
  { ca, connect, idleSeconds = defaultIdleSeconds }: TransportOptions,
  connections: number,
): http.Agent {
  const secure = base.protocol === "https:";
  const settings = { keepAlive: true, maxSockets: connections, ...(ca ? { ca } : {}) };
  const agent = secure ? new https.Agent(settings) : new http.Agent(settings);
  if (!connect) return agent;
  const open = async () => {
    const stream = likeSocket(await connect());
    return secure ? secured(stream, base.hostname, idleSeconds, ca) : stream;
  };
  // Node's agent takes the connection from a callback when the function returns nothing.
  return Object.assign(agent, {
    createConnection: (_: unknown, done: (error: Error | null, stream?: Duplex) => void) => {
      open().then(
        (stream) => done(null, stream),
        (error: unknown) => done(error as Error),
      );
    },
  });
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

function secured(stream: Duplex, host: string, idleSeconds: number, ca: string | undefined): Promise<Duplex> {
  const name = host.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: stream,
      host: name,
      servername: isIP(name) ? "" : name,
      ...(ca ? { ca } : {}),
    });
    // a request counts from when it has its connection, and a silent handshake never becomes one
    const timer = setTimeout(() => socket.destroy(idleError(idleSeconds)), idleSeconds * 1000);
    socket.once("close", () => clearTimeout(timer));
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
