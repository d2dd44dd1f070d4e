import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { prerequisitesConfig } from "./config";
import { requirements, requirementsTable } from "./requirements";

/** Cells without the blanks that a formatter aligns them with. */
const cells = (table: string) =>
  table
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^[|\s-]+$/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));

it("is the table of docs/prerequisites.md", () => {
  const page = readFileSync(join(__dirname, "../../../docs/prerequisites.md"), "utf8");
  expect(cells(page.slice(page.indexOf("\n## What is required\n")))).toEqual(cells(requirementsTable()));
});

it("names keys that the configuration has", () => {
  const named = requirements.flatMap(({ here }) => [...here.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ""));
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((key) => !(key in prerequisitesConfig.shape))).toEqual([]);
});
