/** Lines of context around a change. */
const context = 2;
/** Longer notes are cut: the whole text is in the property diff. */
const longest = 60;
/** Above this many differing lines on a side the table of the comparison would be too big; then all old lines go and all new ones come. */
const comparable = 2000;

/** A line that stays, goes or comes. */
interface Step {
  readonly kind: " " | "-" | "+";
  readonly line: string;
}

/**
 * The lines that differ between two texts, each with `-` or `+` before it, with two lines of context, `…` where lines are left out. Empty
 * for equal texts.
 */
export function lineDiff(before: string, after: string): string[] {
  if (before === after) return [];
  const steps = compare(toLines(before), toLines(after));
  const near = new Set<number>();
  steps.forEach(({ kind }, index) => {
    if (kind === " ") return;
    for (let at = index - context; at <= index + context; at += 1) near.add(at);
  });
  const lines: string[] = [];
  let last = -1;
  steps.forEach(({ kind, line }, index) => {
    if (!near.has(index)) return;
    if (last >= 0 && index > last + 1) lines.push("…");
    lines.push(`${kind} ${line}`);
    last = index;
  });
  return lines.length <= longest ? lines : [...lines.slice(0, longest), `… ${lines.length - longest} more`];
}

/** A text as lines; a missing newline at the end is said, because it is a difference. */
function toLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  const last = lines.pop();
  return last === "" ? lines : [...lines, `${last} (no newline at the end)`];
}

/** The shortest way from one list to the other: equal ends first, a longest common subsequence between them. */
function compare(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail += 1;
  const stay = (line: string): Step => ({ kind: " ", line });
  return [
    ...before.slice(0, head).map(stay),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(stay),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Step[] {
  const gone = (line: string): Step => ({ kind: "-", line });
  const come = (line: string): Step => ({ kind: "+", line });
  if (before.length > comparable || after.length > comparable) return [...before.map(gone), ...after.map(come)];
  const width = after.length + 1;
  // common[i * width + j]: length of the longest common subsequence of before[i..] and after[j..].
  const common = new Uint16Array((before.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) {
      steps.push({ kind: " ", line: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push(gone(old));
      i += 1;
    } else {
      steps.push(come(now ?? ""));
      j += 1;
    }
  }
  return steps;
}
