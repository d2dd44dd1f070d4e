import { appendFileSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { parseTrips, TripRecord, tripLines } from "./round-trips";

const line = '{"board":"b","kind":"ask","purpose":"reading 5 files","milliseconds":91.4,"bytes":10}\n';

describe("round trips", () => {
  it("reads the provider's lines and leaves out what is cut short", () => {
    expect(parseTrips(`${line}{"kind":"ru`)).toEqual([{ kind: "ask", purpose: "reading 5 files", milliseconds: 91.4 }]);
  });

  it("prints and counts them", () => {
    expect(tripLines(parseTrips(line + line))).toEqual([
      "      91 ms  ask      reading 5 files",
      "      91 ms  ask      reading 5 files",
      "  2 SSH round trips",
    ]);
  });

  it("keeps them in a file of its own and removes it", () => {
    const record = new TripRecord();
    expect(record.trips()).toEqual([]);
    appendFileSync(record.file, line);
    expect(record.trips()).toHaveLength(1);
    record.dispose();
    expect(existsSync(dirname(record.file))).toBe(false);
  });
});
