import { relevantLines } from "../provider/systemd/journal";

/** When a line of a journal or of a container's log was written: seconds since 1970, by the board's clock. `undefined` for one without a time. */
export function writtenAt(line: string): number | undefined {
  const written = Date.parse(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)/.exec(line)?.[0] ?? "") / 1000;
  return Number.isNaN(written) ? undefined : written;
}

/** The lines that were not written before a time; those of which it is not known are kept, and all where no time is known. */
export function linesSince(lines: readonly string[], seconds = 0): string[] {
  return lines.filter((line) => (writtenAt(line) ?? seconds) >= seconds);
}

/** Why a service gave up, in its journal's words: what it said last comes first, since of evidence the first lines are shown. */
export function lastWordsFirst(lines: readonly string[]): string[] {
  return relevantLines(lines.join("\n")).reverse();
}
