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
 * One script for all questions of a batch. Each section's output ends with a line that carries an unguessable `nonce` and the exit code, so
 * that file contents travel raw; its error output follows, ended in the same way. The files are one section and cost a fixed number of
 * processes however many they are; every fragment is a subshell of its own, so that an `exit` or a failed `cd` stays inside.
 *
 * Half of the sections run beside the other half: each process takes its time on a slow board, and even the smallest have two processors.
 * A pipe holds what the one half says until the other has said all.
 */
export function batchScript(
  nonce: string,
  files: readonly FileQuestion[],
  fragments: readonly FragmentQuestion[],
): string {
  const sections = [files.length > 0 ? filesScript(files) : ":", ...fragments.map(({ fragment }) => fragment)];
  const half = (which: number) => sections.flatMap((_, index) => (index % 2 === which ? [`answer s${index}`] : []));
  return [
    ...sections.map((section, index) => `s${index}() (\n${section}\n)`),
    "answer() {",
    // the error output goes through a variable: only one stream can end with a mark that is surely behind the other's
    "{ errors=$($1 </dev/null 2>&1 >&3 3>&-); code=$?; } 3>&1",
    `printf '\\n%s %s\\n%s\\n%s\\n' ${nonce} $code "$errors" ${nonce}`,
    "}",
    `{ ${half(1).join("; ") || ":"}; } | { ${half(0).join("; ")}; cat; }`,
  ].join("\n");
}

/** Takes the sections apart: first the files, then the fragments in order. `undefined` for an answer that was cut off. */
export function parseBatch(nonce: string, stdout: Buffer, sections: number): Section[] | undefined {
  const parts: Section[] = [];
  let from = 0;
  const upTo = (marker: string) => {
    const at = stdout.indexOf(marker, from);
    if (at < 0) return undefined;
    const bytes = stdout.subarray(from, at);
    from = at + marker.length;
    return bytes;
  };
  while (parts.length < sections) {
    const output = upTo(`\n${nonce} `);
    const code = upTo("\n");
    const errors = upTo(`\n${nonce}\n`);
    if (output === undefined || code === undefined || errors === undefined) return undefined;
    parts.push({ code: Number(code.toString("latin1")), stdout: output, stderr: errors.toString("utf8") });
  }
  const first = Math.ceil(sections / 2);
  return Array.from({ length: sections }, (_, index) => parts[(index % 2) * first + (index >> 1)]).filter(
    (part) => part !== undefined,
  );
}
