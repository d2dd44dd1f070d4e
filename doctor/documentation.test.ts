import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { breaks } from "../test/doctor/breaks";
import { catalogue, type DiagnosisId } from "./catalogue";
import { findingsTable, withTable } from "./documentation";
import { captures } from "./fixtures/captures";

const page = readFileSync(join(__dirname, "../docs/doctor.md"), "utf8");
/** prettier sets the columns of a table in line. */
const unset = (text: string) => text.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");

it("docs/doctor.md has every diagnosis, its very sentence and remedy, and how it was tested: npm run docs", () => {
  const tested = {
    provoked: new Set(breaks.map(({ expected }) => expected)),
    captured: new Set(Object.values(captures).flat()),
  };
  const table = findingsTable(Object.keys(catalogue) as DiagnosisId[], tested);
  expect(unset(page)).toBe(unset(withTable(page, table)));
});

it("docs/doctor.md says each thing once", () => {
  const headings = page.match(/^## .*$/gm) ?? [];
  expect(headings).toEqual([...new Set(headings)]);
});

it("a table is made anew between what stands around it", () => {
  const tested = { provoked: new Set(["swap-on"]), captured: new Set(["swap-on", "pause-missing"]) };
  const made = withTable(
    "before\n\n| finding | x |\n| --- | --- |\n| a | b |\n\nafter\n",
    findingsTable(["swap-on"], tested),
  );
  expect(made).toMatch(
    /^before\n\n\| finding .*\n\| --- .*\n\| `swap-on` \| note \| provoked, a capture \| .*\n\nafter\n$/,
  );
  expect(() => withTable("nothing", "x")).toThrow("no table");
});
