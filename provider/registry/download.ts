import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Descriptor } from "./layout";
import { reasonOf, RegistryError } from "./registry-error";
import { backoffMilliseconds, isPassingFailure } from "./retry";
import type { Note, Session } from "./session";

/** Breaks of the connection without a byte in between, after which a download is given up. */
const mostBreaks = 5;

/**
 * Reads a blob. When the connection breaks, the rest is asked for, and nothing is read twice where the registry knows ranges. Rejects at its
 * end, as `digest`, when the bytes are not the blob that the descriptor names; what was read by then must not be used.
 *
 * @param options.from - offset to start at. A part of a blob cannot be checked against its digest, only against its size.
 * @param options.unchecked - for a reader that compares the digest itself: hashing takes longer than all else here. Defaults to false.
 */
export async function* readBlob(
  session: Session,
  repository: string,
  blob: Descriptor,
  { from, unchecked = false }: { readonly from: number; readonly unchecked?: boolean },
  note: Note,
): AsyncGenerator<Buffer> {
  const what = `blob ${blob.digest} of ${repository}`;
  const hash = from === 0 && !unchecked ? createHash("sha256") : undefined;
  let position = from;
  for (let breaks = 0; ; breaks++) {
    try {
      for await (const chunk of answerFrom(session, repository, blob, position, note)) {
        position += chunk.length;
        if (position > blob.size) {
          throw new RegistryError(
            "digest",
            session.label,
            `${what} is longer than the ${blob.size} bytes it should have`,
          );
        }
        breaks = 0;
        hash?.update(chunk);
        yield chunk;
      }
      if (position === blob.size) break;
      throw Object.assign(new Error(`it ended after ${position} of ${blob.size} bytes`), { code: "ECONNRESET" });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof RegistryError || breaks >= mostBreaks || !isPassingFailure(code, true)) {
        throw session.spoken(error);
      }
      note(
        `registry ${session.label}: reading ${what} broke off (${(error as Error).message}); goes on at ${position}`,
      );
      await sleep(backoffMilliseconds(breaks + 1));
    }
  }
  if (hash === undefined) return;
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest !== blob.digest) {
    throw new RegistryError(
      "digest",
      session.label,
      `${what} has digest ${digest}`,
      "It is damaged there, or was changed on its way; nothing of it is used",
    );
  }
}

/** What the registry sends from an offset on; servers that know no ranges send all of it, and the start is skipped. */
async function* answerFrom(
  session: Session,
  repository: string,
  blob: Descriptor,
  offset: number,
  note: Note,
): AsyncGenerator<Buffer> {
  if (offset === blob.size && offset > 0) return;
  const answer = await session.open(
    {
      method: "GET",
      url: new URL(`/v2/${repository}/blobs/${blob.digest}`, session.base),
      repository,
      ...(offset > 0 ? { headers: { range: `bytes=${offset}-` } } : {}),
    },
    note,
  );
  if (!("content" in answer)) throw refusal(session, `blob ${blob.digest} of ${repository}`, answer);
  try {
    const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1];
    let skip = answer.status === 206 && start !== undefined ? offset - Number(start) : offset;
    if (skip < 0) {
      throw new RegistryError("refused", session.label, `it was asked for byte ${offset} and starts at ${start}`);
    }
    for await (const chunk of answer.content) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } finally {
    answer.close();
  }
}

function refusal(session: Session, what: string, answer: { status: number; body: Buffer }): RegistryError {
  if (answer.status === 401 || answer.status === 403) {
    const remedy = "Check what its user may do";
    return new RegistryError("unauthorized", session.label, `reading ${what}: ${reasonOf(answer)}`, remedy);
  }
  const said = answer.status === 404 ? `it has no ${what}` : `reading ${what} failed: ${reasonOf(answer)}`;
  return new RegistryError("refused", session.label, said);
}
