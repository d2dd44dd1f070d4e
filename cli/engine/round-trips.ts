import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** One SSH round trip as the provider records it, a JSON object a line. */
const tripSchema = z.object({ kind: z.string(), purpose: z.string(), milliseconds: z.number().optional() });

/** See {@link tripSchema}. */
export type Trip = z.output<typeof tripSchema>;

/** Reads the provider's record; a line cut short by a kill is left out. Pure. */
export function parseTrips(text: string): Trip[] {
  return text.split("\n").flatMap((line) => {
    try {
      const parsed = tripSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

/** The round trips of one run: the provider, a process of its own, writes them to a file. */
export class TripRecord {
  private readonly directory = mkdtempSync(join(tmpdir(), "k3s-board-trips-"));
  /** For the provider's environment, as `K3S_BOARD_TRACE`. */
  readonly file = join(this.directory, "trips.jsonl");

  /** All trips so far. */
  trips(): Trip[] {
    return existsSync(this.file) ? parseTrips(readFileSync(this.file, "utf8")) : [];
  }

  /** Removes the file. */
  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Trips as lines for `--verbose`, and their number. Pure. */
export function tripLines(trips: readonly Trip[]): string[] {
  const lines = trips.map(({ kind, purpose, milliseconds }) => {
    const time = milliseconds === undefined ? "" : `${Math.round(milliseconds)} ms`;
    return `  ${time.padStart(9)}  ${kind.padEnd(8)} ${purpose}`;
  });
  return [...lines, `  ${trips.length} SSH round ${trips.length === 1 ? "trip" : "trips"}`];
}
