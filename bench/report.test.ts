import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cost } from "./measure";
import { ownProcess, reportText, Rows, spread, verdicts, withinRun } from "./report";

const cost = (seconds: number): Cost => ({
  seconds,
  cpuSeconds: seconds / 2,
  sent: 1500,
  received: 2_500_000,
  requests: 3,
  blobs: 1,
  read: 0,
  written: 0,
});

function measuredRows(): Rows {
  const rows = new Rows();
  const record = rows.recorder("mirror");
  for (const seconds of [4, 2, 3]) {
    record.theirs("again", "skopeo copy", cost(seconds));
    record.ours("again", { alone: cost(seconds / 2), within: cost(seconds / 10), digest: "sha256:0" });
  }
  record.theirs("again", "skopeo inspect", cost(0.001), true);
  record.theirs("first", "skopeo copy", cost(9));
  return rows;
}

describe("spread", () => {
  it("lies within the numbers, whatever their order, with as many below the middle as above it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }), (numbers) => {
        const { min, median, max } = spread(numbers);
        expect(spread([...numbers].reverse())).toEqual({ min, median, max });
        expect(min).toBe(Math.min(...numbers));
        expect(max).toBe(Math.max(...numbers));
        const below = numbers.filter((number) => number < median).length;
        const above = numbers.filter((number) => number > median).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(numbers.length / 2);
      }),
    );
  });
});

describe("verdicts", () => {
  it("compares medians of each of our rows with theirs that does the same", () => {
    const found = verdicts(measuredRows().sorted());
    expect(found.map(({ way, times, goal }) => [way, Number(times.toFixed(3)), goal])).toEqual([
      [ownProcess, 2, 5],
      [withinRun, 10, 5],
    ]);
  });
});

describe("reportText", () => {
  it("puts a comparison's rows together, ours first, and says what they come to", () => {
    const text = reportText(measuredRows().sorted());
    const ways = text
      .split("\n")
      .slice(1, 6)
      .map((line) => line.split(/ {2,}/).slice(0, 2).join(": "));
    expect(ways).toEqual([
      "mirror, first: skopeo copy",
      `mirror, again: ${ownProcess}`,
      `mirror, again: ${withinRun}`,
      "mirror, again: skopeo copy",
      "mirror, again: skopeo inspect",
    ]);
    expect(text).toContain(`mirror, again: ${ownProcess}: 2.0 times as fast (goal 5: missed)`);
    expect(text).toContain(`mirror, again: ${withinRun}: 10.0 times as fast (goal 5: met)`);
    expect(text).toMatch(/1\.5 kB\s+2\.5 MB/);
  });
});
