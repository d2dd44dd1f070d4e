import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { stackConfigSchema } from "../config";
import { isSecret, referencePage } from "./page";
import { asSchema, propertiesOf, type Schema } from "./types";

const root = join(__dirname, "../..");
const schema = z.toJSONSchema(stackConfigSchema, { io: "input", unrepresentable: "any" });

/** Every key at any depth, with its path. */
function everyKey(inner: Schema, path = ""): [string, Schema][] {
  const parts = [...(inner.oneOf ?? []), ...(inner.anyOf ?? []), inner.additionalProperties, inner.items];
  return [
    ...propertiesOf(inner).flatMap(([name, value]) => {
      const at = path === "" ? name : `${path}.${name}`;
      return [[at, value] as [string, Schema], ...everyKey(value, at)];
    }),
    ...parts.flatMap((part) => {
      const below = asSchema(part);
      return below === undefined ? [] : everyKey(below, path);
    }),
  ];
}

describe("docs/configuration.md", () => {
  it("is what `npm run docs` writes", () => {
    const committed = readFileSync(join(root, "docs/configuration.md"), "utf8");
    expect(committed, "stale: run `npm run docs`").toBe(referencePage(stackConfigSchema));
  });

  it("has a description for every key", () => {
    expect(everyKey(schema).filter(([, { description }]) => !description)).toEqual([]);
  });

  it("marks every password, passphrase and token as a secret, and nothing else", () => {
    const named = everyKey(schema).filter(([path]) =>
      /(password|stdin|passphrase|token|join\.kubeconfig)$/i.test(path),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(everyKey(schema).filter(([, key]) => isSecret(key))).toEqual(named);
  });
});

describe("Pulumi.yaml", () => {
  const project = z
    .object({ config: z.record(z.string(), z.looseObject({ type: z.string(), description: z.string() })) })
    .parse(load(readFileSync(join(root, "Pulumi.yaml"), "utf8")));

  it("declares the keys of the schema with their descriptions and defaults", () => {
    const declared = Object.entries(project.config).map(([key, value]) => [key, value.description, value.default]);
    // a stack has one of these two, and the engine wants a default for what may be left out: an empty one is none
    const none = (key: string) => (["board", "join"].includes(key) ? {} : undefined);
    expect(declared).toEqual(
      propertiesOf(schema).map(([key, inner]) => [key, inner.description, inner.default ?? none(key)]),
    );
  });

  it("gives a default to every key that may be left out: the engine refuses a stack that lacks a declared key without one", () => {
    const optional = Object.keys(project.config).filter((key) => !schema.required?.includes(key));
    expect(optional.filter((key) => project.config[key]?.default === undefined)).toEqual([]);
  });
});

describe("referencePage", () => {
  it("writes types, limits, secrets and variants", () => {
    const page = referencePage(
      z.strictObject({
        login: z.strictObject({
          port: z.number().int().min(1).max(65535).default(22).describe("TCP port."),
          password: z.string().optional().describe("Password of <user>, or `a|b` (a config secret)."),
        }),
        source: z.union([
          z.strictObject({ path: z.string().describe("A file."), mode: z.enum(["a", "b"]).describe("How.") }),
          z.strictObject({ url: z.url().describe("An address."), mode: z.enum(["a", "b"]).describe("How.") }),
        ]),
      }),
    );
    expect(page.slice(page.indexOf("## `login`"))).toMatchInlineSnapshot(`
      "## \`login\`

      Required.

      | key | type and values | default | what it is |
      | --- | --- | --- | --- |
      | \`port\` | integer, 1 to 65535 | \`22\` | TCP port. |
      | \`password\` | string, **secret** | none | Password of \\<user>, or \`a\\|b\`. |

      ## \`source\`

      Required.

      ### \`source\` with \`path\`

      | key | type and values | default | what it is |
      | --- | --- | --- | --- |
      | \`path\` | string | **required** | A file. |

      ### \`source\` with \`url\`

      | key | type and values | default | what it is |
      | --- | --- | --- | --- |
      | \`url\` | URL | **required** | An address. |

      ### \`source\` with \`path\`, with \`url\`

      The same for each of them.

      | key | type and values | default | what it is |
      | --- | --- | --- | --- |
      | \`mode\` | \`a\`, \`b\` | **required** | How. |
      "
    `);
  });
});
