import { appendFileSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { countWork, parseRecord, recordLines, WorkRecord } from "./work-record";

const line = '{"board":"b","kind":"ask","purpose":"reading 5 files","milliseconds":91.4,"bytes":10}\n';
const push = '{"kind":"push","purpose":"pushing a/b:1","milliseconds":5,"bytes":2000}\n';
const build = '{"kind":"build","purpose":"building the image of pause","milliseconds":7,"bytes":300}\n';

describe("the record of a run", () => {
  it("is read without what is cut short", () => {
    expect(parseRecord(`${line}{"kind":"ru`)).toEqual([
      { kind: "ask", purpose: "reading 5 files", milliseconds: 91.4, bytes: 10, board: "b" },
    ]);
  });

  it("is counted by kind", () => {
    expect(countWork(parseRecord(line + push + line + build + push))).toEqual({
      roundTrips: 2,
      imagesBuilt: 1,
      bytesPushed: 4000,
      findings: [],
    });
  });

  it("has what the doctor found, which is no round trip", () => {
    const finding = { id: "swap-on", severity: "warning", sentence: "swap is on", evidence: [], remedy: "", hangs: [] };
    const found = `${JSON.stringify({ kind: "finding", purpose: "swap-on", milliseconds: 1, board: "b", finding })}\n`;
    expect(countWork(parseRecord(line + found))).toMatchObject({
      roundTrips: 1,
      findings: [{ board: "b", id: "swap-on", sentence: "swap is on" }],
    });
  });

  it("is printed", () => {
    expect(recordLines(parseRecord(line + push))).toEqual([
      "      91 ms  ask      reading 5 files",
      "       5 ms  push     pushing a/b:1",
      "  1 SSH round trip",
    ]);
  });

  it("is a file of its own, named in the environment until it is removed", () => {
    const record = new WorkRecord();
    expect(record.read()).toEqual([]);
    expect(process.env.K3S_BOARD_TRACE).toBe(record.file);
    appendFileSync(record.file, line);
    expect(record.read()).toHaveLength(1);
    record.dispose();
    expect(existsSync(dirname(record.file))).toBe(false);
    expect(process.env.K3S_BOARD_TRACE).toBeUndefined();
  });
});
