/** Something that keeps a board's cluster from running: what is wrong, the board's own words, what mends it. Without secrets. */
export interface Cause {
  /** `registry-unresolved`. */
  readonly id: string;
  readonly severity: "error" | "warning" | "note";
  readonly sentence: string;
  /** Lines as the board said them. */
  readonly evidence: readonly string[];
  readonly remedy: string;
  /** What does not run because of it. */
  readonly hangs: readonly string[];
}

/** Causes that an error tells in full; the doctor tells all. */
const told = 4;

/**
 * An error about something that was waited for in vain: the causes in its first line where any is known, how each is mended, and at the end what
 * was seen last.
 *
 * @param what - `k3s.service did not become healthy`.
 * @param seen - what was the case when the wait ended.
 */
export function withCauses(what: string, seen: string, causes: readonly Cause[]): string {
  if (causes.length === 0) return `${what}: ${seen}`;
  const lines = causes
    .slice(0, told)
    .flatMap(({ id, severity, sentence, evidence, remedy }) => [
      `  ${severity}: ${sentence} [${id}]`,
      ...evidence.slice(0, 1).map((line) => `    ${line}`),
      `    remedy: ${remedy}`,
    ]);
  const more = causes.length > told ? [`  and ${causes.length - told} more, which npm run doctor tells`] : [];
  return [`${what}: ${causes[0]?.sentence ?? ""}`, ...lines, ...more, `  seen last: ${seen}`].join("\n");
}
