import type { FileQuestion } from "./file-questions";
import { filesScript } from "./file-questions";

/** One fragment of a batch. */
export interface FragmentQuestion {
  readonly fragment: string;
}

/** Bytes that one section of a batch wrote, and how it ended. */
export interface Section {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * One script for all questions of a batch. Each section ends, on stdout and on stderr, with a line that carries an unguessable `nonce`, so
 * that file contents travel raw between them. The files are one section and cost a fixed number of processes however many they are; every
 * fragment is a subshell of its own, so that an `exit` or a failed `cd` stays inside.
 */
export function batchScript(
  nonce: string,
  files: readonly FileQuestion[],
  fragments: readonly FragmentQuestion[],
): string {
  const end = (code: string) => `e ${code}`;
  return [
    `e() { printf '\\n%s %s\\n' ${nonce} "$1"; printf '\\n%s %s\\n' ${nonce} "$1" >&2; }`,
    ...(files.length > 0 ? [`( ${filesScript(files)}\n) </dev/null`, end("$?")] : [end("0")]),
    ...fragments.flatMap(({ fragment }) => [`( ${fragment}\n) </dev/null`, end("$?")]),
  ].join("\n");
}

/** Takes the sections apart: first the files, then the fragments in order. `undefined` for an answer that was cut off. */
export function parseBatch(nonce: string, stdout: Buffer, stderr: Buffer, sections: number): Section[] | undefined {
  const out = split(nonce, stdout, sections);
  const err = split(nonce, stderr, sections);
  if (!out || !err) return undefined;
  return out.map((part, index) => ({ ...part, stdout: part.bytes, stderr: err[index]?.bytes.toString("utf8") ?? "" }));
}

function split(nonce: string, bytes: Buffer, sections: number): { bytes: Buffer; code: number }[] | undefined {
  const marker = Buffer.from(`\n${nonce} `);
  const parts: { bytes: Buffer; code: number }[] = [];
  for (let from = 0; parts.length < sections;) {
    const at = bytes.indexOf(marker, from);
    const lineEnd = at < 0 ? -1 : bytes.indexOf("\n", at + marker.length);
    if (lineEnd < 0) return undefined;
    parts.push({
      bytes: bytes.subarray(from, at),
      code: Number(bytes.toString("latin1", at + marker.length, lineEnd)),
    });
    from = lineEnd + 1;
  }
  return parts;
}
