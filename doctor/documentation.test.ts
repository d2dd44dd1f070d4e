import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { catalogue, entryOf, type DiagnosisId } from "./catalogue";

const page = readFileSync(join(__dirname, "../docs/doctor.md"), "utf8");

it("docs/doctor.md has every diagnosis with its severity and the very sentence and remedy", () => {
  const told = page.split("\n").flatMap((line) => {
    // a cell may have `|` in it, written `\|`
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    const [, id = "", severity, , sentence = "", remedy] = cells;
    return /^`[a-z0-9-]+`$/.test(id) && cells.length === 7
      ? [{ id: id.replaceAll("`", ""), severity, sentence: sentence.replace(/^`|`$/g, ""), remedy }]
      : [];
  });
  const known = (Object.keys(catalogue) as DiagnosisId[]).map((id) => {
    const { severity, sentence, remedy } = entryOf(id);
    return { id, severity, sentence, remedy };
  });
  expect(told).toEqual(known);
});
