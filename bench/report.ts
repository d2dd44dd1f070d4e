import type { Phase, Recorder } from "./bench-case";
import type { Cost } from "./measure";

/** The runs of one way of doing one thing. */
export interface Row {
  readonly name: string;
  readonly phase: Phase;
  readonly way: string;
  readonly side: "ours" | "theirs";
  /** `true` where it does less than the others and takes no part in the verdict. */
  readonly partial: boolean;
  readonly costs: Cost[];
}

/** Smallest, middle and largest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a comparison came to. */
export interface Verdict {
  readonly name: string;
  readonly phase: Phase;
  /** Which of our rows. */
  readonly way: string;
  /** Their median seconds divided by ours: above 1, ours is faster. */
  readonly times: number;
  /** What `times` should be at least: 1 the first time, 5 where nothing changed. */
  readonly goal: number;
}

/** Ours as a process of its own, with Node's start and the loading of the program. */
export const ownProcess = "k3s-board, own process";
/** Ours as a part of a process that runs already. */
export const withinRun = "k3s-board, within a run";

const goals: Readonly<Record<Phase, number>> = { first: 1, again: 5 };

/** Collects costs into rows. */
export class Rows {
  readonly rows: Row[] = [];

  recorder(name: string): Recorder {
    const add = (phase: Phase, way: string, side: Row["side"], cost: Cost, partial = false) => {
      const known = this.rows.find((row) => row.name === name && row.phase === phase && row.way === way);
      if (known) known.costs.push(cost);
      else this.rows.push({ name, phase, way, side, partial, costs: [cost] });
    };
    return {
      ours: (phase, { alone, within }) => {
        add(phase, ownProcess, "ours", alone);
        add(phase, withinRun, "ours", within);
      },
      theirs: (phase, way, cost, partial) => add(phase, way, "theirs", cost, partial),
    };
  }

  /** Rows of a comparison stand together, ours first. */
  sorted(): Row[] {
    const keys = [...new Set(this.rows.map(({ name, phase }) => `${name} ${phase}`))].sort(byCase(this.rows));
    return keys.flatMap((key) => {
      const those = this.rows.filter(({ name, phase }) => `${name} ${phase}` === key);
      return [...those.filter(({ side }) => side === "ours"), ...those.filter(({ side }) => side === "theirs")];
    });
  }
}

function byCase(rows: readonly Row[]): (a: string, b: string) => number {
  const names = [...new Set(rows.map(({ name }) => name))];
  const order = names.flatMap((name) => [`${name} first`, `${name} again`]);
  return (a, b) => order.indexOf(a) - order.indexOf(b);
}

/** @throws for no numbers. */
export function spread(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (index: number) => {
    const value = sorted[index];
    if (value === undefined) throw new Error("there is nothing to take the middle of");
    return value;
  };
  const half = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
  return { min: at(0), median, max: at(sorted.length - 1) };
}

/** Each of our rows against theirs that does the same. */
export function verdicts(rows: readonly Row[]): Verdict[] {
  return rows.flatMap((ours) => {
    if (ours.side !== "ours") return [];
    const { name, phase, way } = ours;
    const theirs = rows.find(
      (row) => row.side === "theirs" && !row.partial && row.name === name && row.phase === phase,
    );
    if (!theirs) return [];
    const times = median(theirs, ({ seconds }) => seconds) / median(ours, ({ seconds }) => seconds);
    return [{ name, phase, way, times, goal: goals[phase] }];
  });
}

/** Middle of one number of a row's runs. */
export function median(row: Row, of: (cost: Cost) => number): number {
  return spread(row.costs.map(of)).median;
}

/** The rows as a table for people, and what they come to. */
export function reportText(rows: readonly Row[]): string {
  const header = [
    "",
    "",
    "seconds (min median max)",
    "CPU s",
    "sent",
    "received",
    "read",
    "written",
    "requests",
    "blobs",
  ];
  const lines = rows.map((row) => {
    const { min, median: middle, max } = spread(row.costs.map(({ seconds }) => seconds));
    const bytes = (of: (cost: Cost) => number) => megabytes(median(row, of));
    return [
      `${row.name}, ${row.phase}`,
      row.way,
      [min, middle, max].map((value) => value.toFixed(2).padStart(6)).join(" "),
      median(row, (cost) => cost.cpuSeconds).toFixed(2),
      bytes((cost) => cost.sent),
      bytes((cost) => cost.received),
      bytes((cost) => cost.read),
      bytes((cost) => cost.written),
      String(median(row, (cost) => cost.requests)),
      String(median(row, (cost) => cost.blobs)),
    ];
  });
  const said = verdicts(rows).map(({ name, phase, way, times, goal }) => {
    const met = times >= goal ? "met" : "missed";
    return `  ${name}, ${phase}: ${way}: ${times.toFixed(1)} times as fast (goal ${goal}: ${met})`;
  });
  return [...table([header, ...lines]), "", ...said].join("\n");
}

/** Numbers stand right, words left. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
