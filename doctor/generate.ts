/** `npm run docs`: writes the table of docs/doctor.md from the catalogue, and from what boards are broken with and what captures there are. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breaks } from "../test/doctor/breaks";
import { catalogue, type DiagnosisId } from "./catalogue";
import { findingsTable, withTable } from "./documentation";
import { captures } from "./fixtures/captures";

const file = join(__dirname, "../docs/doctor.md");
const table = findingsTable(Object.keys(catalogue) as DiagnosisId[], {
  provoked: new Set(breaks.map(({ expected }) => expected)),
  captured: new Set(Object.values(captures).flat()),
});
writeFileSync(file, withTable(readFileSync(file, "utf8"), table));
