import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Options of {@link download}. */
export interface DownloadOptions {
  /** Lower-case hex digest that the file must have. */
  readonly sha256: string;
  /** Seconds until the server must have answered. Defaults to 10. */
  readonly answerSeconds?: number;
  /** Seconds that may pass without a byte. Defaults to 30. */
  readonly idleSeconds?: number;
  readonly note?: (text: string) => void;
}

/**
 * Downloads a file over HTTPS and checks its digest.
 *
 * @throws with the address when the server does not answer, stalls, refuses, or sends something else; no file is left then.
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const abort = new AbortController();
  let waiting = watchdog(abort, `no answer within ${options.answerSeconds ?? 10} s`, options.answerSeconds ?? 10);
  const idleSeconds = options.idleSeconds ?? 30;
  try {
    const response = await request(url, abort.signal);
    clearTimeout(waiting);
    const total = Number(response.headers.get("content-length") ?? 0);
    const hash = createHash("sha256");
    let size = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(waiting);
        waiting = watchdog(abort, `stalled for ${idleSeconds} s`, idleSeconds);
        hash.update(chunk);
        size += chunk.length;
        options.note?.(`${megabytes(size)}${total ? ` of ${megabytes(total)}` : ""}`);
        done(null, chunk);
      },
    });
    if (!response.body) throw new Error("the answer is empty");
    await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(path), {
      signal: abort.signal,
    });
    const digest = hash.digest("hex");
    if (digest !== options.sha256) throw new Error(`its sha256 is ${digest}, expected ${options.sha256}`);
  } catch (error) {
    await rm(path, { force: true });
    throw describe(url, error, abort.signal);
  } finally {
    clearTimeout(waiting);
  }
}

/** Fetches a small text, such as a list of checksums. */
export async function downloadText(url: string, answerSeconds = 10): Promise<string> {
  const abort = new AbortController();
  const waiting = watchdog(abort, `no answer within ${answerSeconds} s`, answerSeconds);
  try {
    return await (await request(url, abort.signal)).text();
  } catch (error) {
    throw describe(url, error, abort.signal);
  } finally {
    clearTimeout(waiting);
  }
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
  return response;
}

function watchdog(abort: AbortController, reason: string, seconds: number): NodeJS.Timeout {
  return setTimeout(() => abort.abort(new Error(reason)), seconds * 1000);
}

function describe(url: string, error: unknown, signal: AbortSignal): Error {
  const cause = signal.aborted ? (signal.reason as Error) : (error as Error);
  const inner = cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
  return new Error(`cannot download ${url}: ${inner}`, { cause: error });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
