/** What notes of a preview say that will be touched on the board. */
export interface Touches {
  /** Files that are written, changed or taken away, in order. */
  readonly files: readonly string[];
  /** Units with what happens to them: `k3s.service restarts`; in order. */
  readonly units: readonly string[];
  /** Whether the board reboots. */
  readonly reboots: boolean;
}

const fileNote = /^(\/.*?) (?:is new|changes|goes|may change|gets mode)\b/;
const unitNote =
  /^(\S+\.(?:service|socket|target|timer)) (?:will )?(?:may )?(restart|start|stop|is enabled|is disabled)s?\b/;
const rebootNote = /^(?:the )?board (?:will )?reboots?\b/;

/** What becomes of a unit, in the words of a list. */
const verbs: Readonly<Record<string, string>> = { restart: "restarts", start: "starts", stop: "stops" };

/**
 * Reads what the notes of resource types say, by the form of their first line: `<path> changes: …`, `<unit> restarts: …`, `the board reboots: …`.
 */
export function touchesIn(notes: readonly string[]): Touches {
  const sorted = (found: readonly string[]) => [...new Set(found)].sort();
  return {
    files: sorted(notes.flatMap((note) => fileNote.exec(note)?.[1] ?? [])),
    units: sorted(
      notes.flatMap((note) => {
        const [, unit, what = ""] = unitNote.exec(note) ?? [];
        return unit === undefined ? [] : [`${unit} ${verbs[what] ?? what}`];
      }),
    ),
    reboots: notes.some((note) => rebootNote.test(note)),
  };
}

/** What notes say about restarts: names of units, and `board` for a reboot. */
export function restartsIn(notes: readonly string[]): string[] {
  const { units, reboots } = touchesIn(notes);
  const restarting = units.flatMap((unit) => (unit.endsWith(" restarts") ? [unit.slice(0, -" restarts".length)] : []));
  return reboots ? [...restarting, "board"] : restarting;
}

/** What becomes of a file of ours that is taken away, as a note. */
export function goesNote(path: string): string {
  return `${path} goes; what was there before us comes back`;
}
