import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";

/** One HTTP request. */
export interface Exchange {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Body;
}

/** A body that is read while it is sent. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** Its bytes; once more where the request is sent again. */
  open(): AsyncIterable<Buffer>;
}

/** Bodies are written in such pieces, so that a slow connection shows progress. */
const pieceBytes = 256 * 1024;

/**
 * Sends a request; resolves when the answer's head is there. Rejects with what the connection said, and `reused` where the connection was a
 * kept one.
 *
 * @param idleSeconds - without any progress, the request is given up.
 * @param onSent - called with the number of bytes of each piece of the body.
 */
export function send(
  { method, url, headers = {}, body }: Exchange,
  agent: http.Agent,
  idleSeconds: number,
  onSent: (bytes: number) => void,
): Promise<http.IncomingMessage> {
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const module = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const request = module.request(url, { method, agent, headers: { ...headers, ...length } });
    let timer: NodeJS.Timeout | undefined;
    const progress = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(idleError(idleSeconds)), idleSeconds * 1000);
    };
    // Waiting for the connection to become free is no lack of progress.
    request.once("socket", progress);
    request.on("error", (error: Error) => {
      clearTimeout(timer);
      reject(Object.assign(error, { reused: request.reusedSocket }));
    });
    let answered = false;
    let sent = 0;
    request.once("response", (response) => {
      clearTimeout(timer);
      answered = true;
      // Nobody wants the rest of a body that is answered already, and without it the connection is good for nothing else.
      if (body !== undefined && sent < body.length) response.once("end", () => request.destroy());
      resolve(response);
    });
    if (body === undefined || body.length === 0) request.end();
    else {
      const pieces = async function* () {
        for await (const piece of Buffer.isBuffer(body) ? inPieces(body) : body.open()) {
          if (answered) await new Promise((closed) => request.once("close", closed));
          sent += piece.length;
          yield piece;
          onSent(piece.length);
          if (!answered) progress();
        }
      };
      pipeline(pieces, request).catch((error: unknown) => {
        // A request that its body broke has no error event of its own.
        clearTimeout(timer);
        reject(Object.assign(error as Error, { reused: request.reusedSocket }));
      });
    }
  });
}

/** The body of an answer. Gives up when nothing comes for `idleSeconds`; time that the reader takes does not count. */
export async function* bodyOf(response: http.IncomingMessage, idleSeconds: number): AsyncGenerator<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const timer = setTimeout(() => response.destroy(idleError(idleSeconds)), idleSeconds * 1000);
      const next = await chunks.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

function* inPieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes);
}

/** What an exchange without progress ends with. */
export function idleError(seconds: number): NodeJS.ErrnoException {
  return Object.assign(new Error(`no progress for ${seconds} s`), { code: "ETIMEDOUT" });
}
