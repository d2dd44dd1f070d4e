import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import packageJson from "../../package.json";
import { parseStackConfig } from "../config";

const root = join(__dirname, "../..");

function filesBelow(directory: string, wanted: RegExp): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => wanted.test(name))
    .map((name) => join(root, directory, name));
}

const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map((name) => join(root, name)),
  ...filesBelow("docs", /\.md$/),
].map((path) => ({ path, name: relative(root, path), text: readFileSync(path, "utf8") }));

/** What a pattern's group finds in the pages and `isGood` does not accept, with the page's name. */
function wrong(
  pattern: RegExp,
  isGood: (found: string, path: string) => boolean,
  edit = (text: string) => text,
): string[] {
  return pages.flatMap(({ name, path, text }) =>
    [...edit(text).matchAll(pattern)]
      .map((match) => match[1] ?? "")
      .filter((found) => !isGood(found, path))
      .map((found) => `${name}: ${found}`),
  );
}

describe("documentation", () => {
  it("links to files that are there", () => {
    const isThere = (link: string, path: string) => existsSync(join(dirname(path), link));
    expect(wrong(/\]\((?!https?:)([^)#]+)[^)]*\)/g, isThere, (text) => text.replace(/`[^`]*`/g, ""))).toEqual([]);
  });

  it("names npm scripts that are there", () => {
    expect(
      wrong(/npm (?:run )?(?!run\b|ci\b|install\b|package\b)([a-z]+)\b/g, (script) => script in packageJson.scripts),
    ).toEqual([]);
  });

  it("has an example of a stack that parses", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const examples = [...readme.matchAll(/^ *```yaml\n(.*?)^ *```/gms)].map((match) => load(match[1] ?? ""));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(example);
      const values = Object.entries(config).map(([key, value]) => [key.replace("k3s-board:", ""), value]);
      expect(() => parseStackConfig(Object.fromEntries(values) as Record<string, unknown>)).not.toThrow();
    }
  });

  it.each([
    ["troubleshooting.md", 40],
    ["audit.md", 14],
  ])("%s quotes messages that the program prints", (page, least) => {
    const sources = ["cli", "components", "emulator", "provider", "stacks", "tools"].flatMap((directory) =>
      filesBelow(directory, /(?<!\.test)\.ts$/),
    );
    // a message may be put together from several strings, and over several lines
    const code = sources
      .map((source) => readFileSync(source, "utf8"))
      .join("\n")
      .replace(/["`] \+\s*["`]/g, "");
    const text = readFileSync(join(root, "docs", page), "utf8");
    const quoted = [...text.matchAll(/^ *- ((?:`[^`]+`(?:, )?)+)/gm)].flatMap((match) => [
      ...(match[1] ?? "").matchAll(/`([^`]+)`/g),
    ]);
    const parts = quoted
      .flatMap((match) => (match[1] ?? "").split("…").map((part) => part.trim()))
      .filter((part) => part.length > 4);
    expect(parts.length).toBeGreaterThan(least);
    expect(parts.filter((part) => !code.includes(part))).toEqual([]);
  });
});
