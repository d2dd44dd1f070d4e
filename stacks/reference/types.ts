import type { z } from "zod";

/** A JSON Schema, as zod writes it. */
export type Schema = z.core.JSONSchema.BaseSchema;

/** A schema, where JSON Schema also allows `true` and `false`; those say nothing that a reader could use. */
export function asSchema(value: unknown): Schema | undefined {
  return typeof value === "object" && value !== null ? (value as Schema) : undefined;
}

/** The keys of an object's schema with their schemas. */
export function propertiesOf(schema: Schema): [string, Schema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const inner = asSchema(value);
    return inner === undefined ? [] : [[name, inner]];
  });
}

/** The alternatives of a union; `undefined` where the schema is none. */
export function alternatives(schema: Schema): Schema[] | undefined {
  return schema.oneOf ?? schema.anyOf;
}

/** Whether this is a union of objects, which has sections of its own. */
export function isVariants(schema: Schema): boolean {
  return alternatives(schema)?.every(({ type }) => type === "object") ?? false;
}

/** Text in a code span of a table: a bare `|` would end the cell. */
export function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** A value as YAML's flow style writes it. */
export function flow(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${flow(inner)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Type and allowed values of a schema as a phrase, such as `integer, 1 to 65535` or `list of string`. */
export function typeText(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => code(flow(value))).join(", ");
  const options = alternatives(schema);
  if (options !== undefined)
    return isVariants(schema) ? "one of the variants below" : options.map(typeText).join(", or ");
  switch (schema.type) {
    case "string":
      return stringType(schema);
    case "integer":
    case "number":
      return `${schema.type}${limits(schema)}`;
    case "boolean":
      return "`true` or `false`";
    case "array":
      return listType(schema);
    case "object":
      return schema.properties === undefined ? mapType(schema) : "object, see below";
    default:
      return "any value";
  }
}

function stringType({ format, pattern }: Schema): string {
  if (format === "uri") return "URL";
  return pattern === undefined ? "string" : `string matching ${code(pattern.replaceAll("\\/", "/"))}`;
}

/** zod writes the largest safe integer as the maximum of every integer: that is no limit. */
function limits({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const least = minimum ?? exclusiveMinimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && most !== undefined) return `, ${minimum} to ${most}`;
  if (least !== undefined) return minimum === undefined ? `, more than ${least}` : `, ${least} or more`;
  return most === undefined ? "" : `, at most ${most}`;
}

function listType(schema: Schema): string {
  const items = typeText(asSchema(schema.items) ?? {});
  const least = schema.minItems === undefined ? "" : `, ${schema.minItems} or more`;
  return `list of ${items.includes(",") ? `(${items})` : items}${least}`;
}

function mapType(schema: Schema): string {
  const values = asSchema(schema.additionalProperties) ?? {};
  const hasSection = values.properties !== undefined || isVariants(values);
  return `map of name to ${hasSection ? "object, see below" : typeText(values)}`;
}
