import { z } from "zod";
import { asSchema, code, flow, isVariants, type Schema, typeText } from "./types";
import { type Key, keysOf, variantSections } from "./variants";

/** How the description of a key says that its value belongs into the encrypted part of the configuration. */
const secretMark = " (a config secret)";

/** Whether a key is marked as a secret. */
export function isSecret(schema: Schema): boolean {
  return schema.description?.includes(secretMark) ?? false;
}

/** A description as Markdown: outside of code spans `<` would begin an HTML tag. */
function prose(schema: Schema): string {
  const parts = (schema.description ?? "").replace(secretMark, "").split("`");
  return parts
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "\\<") : part).replaceAll("|", "\\|"))
    .join("`");
}

const row = (...cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function keyRow({ name, schema, required }: Key): string {
  const ordinary = schema.default === undefined ? "none" : code(flow(schema.default));
  const type = `${typeText(schema)}${isSecret(schema) ? ", **secret**" : ""}`;
  return row(code(name), type, required ? "**required**" : ordinary, prose(schema));
}

/** A table of keys, and behind it what those keys hold. */
function keys(path: string, list: readonly Key[], level: number): string[] {
  if (list.length === 0) return [];
  const table = [row("key", "type and values", "default", "what it is"), row("---", "---", "---", "---")];
  return [
    ...table,
    ...list.map(keyRow),
    "",
    ...list.flatMap(({ name, schema }) => nested(`${path}.${name}`, schema, level)),
  ];
}

function heading(level: number, text: string): string[] {
  return [`${"#".repeat(level)} ${text}`, ""];
}

/** Sections of what a key holds: a union's variants, an object's keys, a map's values. Nothing for plain values. */
function nested(path: string, schema: Schema, level: number): string[] {
  if (isVariants(schema)) {
    return variantSections(schema).flatMap(({ titles, about, keys: list }) => [
      ...heading(level, `${code(path)} ${titles.join(", ")}`),
      ...(about === "" ? [] : [about, ""]),
      ...keys(path, list, level + 1),
    ]);
  }
  if (schema.properties !== undefined) return [...heading(level, code(path)), ...keys(path, keysOf(schema), level + 1)];
  const values = asSchema(schema.additionalProperties);
  return values === undefined ? [] : nested(`${path}.<name>`, values, level);
}

function topLevel({ name, schema, required }: Key): string[] {
  const pattern = asSchema(schema.propertyNames)?.pattern;
  const about = [
    prose(schema),
    required ? "Required." : schema.default === undefined ? "Optional." : `Defaults to ${code(flow(schema.default))}.`,
    ...(pattern === undefined ? [] : [`Names match ${code(pattern)}.`]),
  ];
  const holds = schema.properties === undefined ? nested(name, schema, 3) : keys(name, keysOf(schema), 3);
  return [...heading(2, code(name)), about.join(" ").trim(), "", ...holds];
}

const introduction = `# Configuration

<!-- Written by \`npm run docs\` from stacks/config.ts. Do not edit it: a test compares the two. -->

A stack's configuration is in \`Pulumi.<stack>.yaml\` below \`config:\`, each key of the first level with the project's name in front:
\`k3s-board:board\`. It is parsed once, before anything is contacted. Everything that is wrong with it is reported together, each problem with its
path. A key that is not on this page is refused.

A value that is marked **secret** does not belong into the file in clear. See [Secrets](architecture.md#secrets) for how to put it there
encrypted. Relative paths on this machine start at the project's directory.
`;

/** The reference page of a configuration schema, as Markdown. */
export function referencePage(schema: z.ZodType): string {
  const root: Schema = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return `${[introduction, ...keysOf(root).flatMap(topLevel)].join("\n").trimEnd()}\n`;
}
