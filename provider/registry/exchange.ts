import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** One HTTP request. */
export interface Exchange {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
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
    request.once("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    if (body === undefined || body.length === 0) request.end();
    else {
      const pieces = Readable.from(
        inPieces(body, (bytes) => {
          onSent(bytes);
          progress();
        }),
      );
      // What breaks the request is reported by its own error event, or by an answer that came early.
      pipeline(pieces, request).catch((error: unknown) => request.destroy(error as Error));
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

function* inPieces(body: Buffer, onPiece: (bytes: number) => void): Generator<Buffer> {
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.subarray(at, at + pieceBytes);
    yield piece;
    onPiece(piece.length);
  }
}

function idleError(seconds: number): NodeJS.ErrnoException {
  return Object.assign(new Error(`no progress for ${seconds} s`), { code: "ETIMEDOUT" });
}
