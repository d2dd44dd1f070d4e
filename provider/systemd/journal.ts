import type { Board } from "../ssh/board";
import { quote } from "../ssh/shell";

/** What programs write when they give up. */
const reason =
  /\b(fatal|panic|error|err|failed|failure|cannot|can't|unable|invalid|unknown|not defined|refused|denied|no such|level=(fatal|error))\b/i;
/** What says that it failed, and not why: systemd's own lines, usage texts. */
const noise =
  /^(\S+: )?(Main process exited|Failed with result|Scheduled restart job|Started |Starting |Stopped |Stopping |Consumed )|^(USAGE|OPTIONS|NAME):|^\s+-/;
/**
 * What a program writes last of its own accord: `level=fatal`, a panic, klog's `F0101`, and k3s's reason for its shutdown, which it logs as an
 * error before it ends with 0. What follows is the noise of the rest going down, or the next start.
 */
const lastWord = /\blevel=fatal\b|^panic: |^F\d{4} |\bShutdown request received: /;
const linesShown = 6;

/**
 * The lines of a journal that say why a service gave up: those that look like a reason, the newest of them, each once; where none does, simply
 * the last ones. Where a program has said a last word, it is the last line, with what led to it before.
 */
export function relevantLines(journal: string): string[] {
  const all = journal.split("\n").filter((line) => line.trim() !== "");
  const end = all.findLastIndex((line) => lastWord.test(line));
  const lines = end < 0 ? all : all.slice(0, end + 1);
  const reasons = lines.filter((line) => reason.test(line) && !noise.test(line));
  const chosen = reasons.length > 0 ? reasons : lines;
  const newestFirst = new Map<string, string>();
  for (const line of chosen.toReversed())
    if (!newestFirst.has(withoutTime(line))) newestFirst.set(withoutTime(line), line.trim());
  return [...newestFirst.values()].slice(0, linesShown).reverse();
}

/** The same message at another time is the same message. */
function withoutTime(line: string): string {
  return line.replace(/\d{4}-\d{2}-\d{2}T[\d:.+Z-]+|\btime="[^"]*"/g, "");
}

/** The journal of a unit since a moment of the board's clock; empty where there is no journal. */
export async function readJournal(board: Board, name: string, sinceSeconds: number): Promise<string> {
  const script = `journalctl --quiet --no-pager -o cat -n 300 --since=@${sinceSeconds} -u ${quote(`${name}.service`)} | cut -c 1-500`;
  const { stdout } = await board.run(script, { purpose: `reading the journal of ${name}.service` });
  return stdout;
}
