import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const findingSchema = z.object({
  id: z.string(),
  severity: z.enum(["error", "warning", "note"]),
  sentence: z.string(),
  evidence: z.array(z.string()),
  remedy: z.string(),
  hangs: z.array(z.string()),
});

/** What the provider and the program record of a run, a JSON object a line. */
const recordedSchema = z.object({
  kind: z.string(),
  purpose: z.string(),
  milliseconds: z.number().optional(),
  bytes: z.number().default(0),
  board: z.string().default(""),
  finding: findingSchema.optional(),
});

/** See {@link recordedSchema}. */
export type Recorded = z.output<typeof recordedSchema>;

/** What a run came to, counted. */
export interface Work {
  /** SSH round trips. */
  readonly roundTrips: number;
  /** Images that were made on this machine; 0 where all were in the cache. */
  readonly imagesBuilt: number;
  /** Bytes of blobs that went to registries. */
  readonly bytesPushed: number;
  /** What the doctor found on a board where a wait for health ended in vain. */
  readonly findings: readonly (z.output<typeof findingSchema> & { readonly board: string })[];
}

/** Reads a record; a line cut short by a kill is left out. Pure. */
export function parseRecord(text: string): Recorded[] {
  return text.split("\n").flatMap((line) => {
    try {
      const parsed = recordedSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

const trips = new Set(["connect", "run", "ask", "forward"]);
const isTrip = ({ kind }: Recorded) => trips.has(kind);

/** Counts what was recorded. Pure. */
export function countWork(recorded: readonly Recorded[]): Work {
  const pushes = recorded.filter(({ kind }) => kind === "push");
  return {
    roundTrips: recorded.filter(isTrip).length,
    imagesBuilt: recorded.filter(({ kind }) => kind === "build").length,
    bytesPushed: pushes.reduce((sum, { bytes }) => sum + bytes, 0),
    findings: recorded.flatMap(({ board, finding }) => (finding === undefined ? [] : [{ board, ...finding }])),
  };
}

/** The record of one run: the program here and the provider, a process of its own, write it to a file that `K3S_BOARD_TRACE` names. */
export class WorkRecord {
  private readonly directory = mkdtempSync(join(tmpdir(), "k3s-board-trips-"));
  readonly file = join(this.directory, "record.jsonl");

  constructor() {
    // inherited by the engine and its plugins
    process.env.K3S_BOARD_TRACE = this.file;
  }

  /** All that was recorded so far. */
  read(): Recorded[] {
    return existsSync(this.file) ? parseRecord(readFileSync(this.file, "utf8")) : [];
  }

  /** Removes the file. */
  dispose(): void {
    delete process.env.K3S_BOARD_TRACE;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A record as lines for `--verbose`, with the number of round trips. Pure. */
export function recordLines(recorded: readonly Recorded[]): string[] {
  const lines = recorded.map(({ kind, purpose, milliseconds }) => {
    const time = milliseconds === undefined ? "" : `${Math.round(milliseconds)} ms`;
    return `  ${time.padStart(9)}  ${kind.padEnd(8)} ${purpose}`;
  });
  const { roundTrips } = countWork(recorded);
  return [...lines, `  ${roundTrips} SSH round ${roundTrips === 1 ? "trip" : "trips"}`];
}
