import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dryRun, mergePatch } from "./dry-run";
import { readDocuments } from "./manifest-documents";
import { type ApiAnswer, type ApiRequest, ObjectsApi } from "./objects-api";
import { warningTexts } from "./send-to-api";

const status = (code: number, message: string): ApiAnswer => ({ status: code, body: { message }, warnings: [] });
const taken: ApiAnswer = { status: 200, body: {}, warnings: [] };
const absent = status(404, "not found");

/** An API server with Namespaces, ConfigMaps and Deployments that answers by method and kind of patch. */
function server(answers: { find?: ApiAnswer; create?: ApiAnswer[]; apply?: ApiAnswer; merge?: ApiAnswer }) {
  const asked: ApiRequest[] = [];
  const creations = [...(answers.create ?? [])];
  const reply = (request: ApiRequest): ApiAnswer => {
    if (request.method === "GET" && /^\/apis?\/[^/]+(\/v1)?$/.test(request.path)) {
      const resources = [
        { name: "namespaces", kind: "Namespace", namespaced: false },
        { name: "deployments/scale", kind: "Scale", namespaced: true },
        { name: "deployments", kind: "Deployment", namespaced: true },
        { name: "configmaps", kind: "ConfigMap", namespaced: true },
      ];
      return /example/.test(request.path) ? absent : { status: 200, body: { resources }, warnings: [] };
    }
    asked.push(request);
    if (request.method === "GET") return answers.find ?? absent;
    if (request.method === "POST") return creations.shift() ?? taken;
    return (request.contentType === "application/merge-patch+json" ? answers.merge : answers.apply) ?? taken;
  };
  return { api: new ObjectsApi((request) => Promise.resolve(reply(request))), asked };
}

const web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\nspec: { replicas: -1 }\n";
const shop = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";
const toys = `apiVersion: apiextensions.example/v1
kind: CustomResourceDefinition
metadata: { name: toys.example.test }
spec: { group: example.test, names: { kind: Toy }, versions: [{ name: v1 }] }
---
apiVersion: example.test/v1
kind: Toy
metadata: { name: car }
`;
const objectsOf = (text: string) => readDocuments(text).objects;
const invalid = status(
  422,
  'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
);

describe("dryRun", () => {
  it("asks about new objects as creations, with nothing being done", async () => {
    const { api, asked } = server({});
    expect(await dryRun(api, objectsOf(`${shop}---\n${web}`))).toEqual({ refused: [], remarks: [] });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/v1/namespaces/shop",
      "POST /api/v1/namespaces?dryRun=All&fieldManager=k3s-board",
      "GET /apis/apps/v1/namespaces/shop/deployments/web",
      "POST /apis/apps/v1/namespaces/shop/deployments?dryRun=All&fieldManager=k3s-board",
    ]);
  });

  it("names document, object and field of what is refused", async () => {
    const { api } = server({ create: [taken, invalid] });
    expect((await dryRun(api, objectsOf(`${shop}---\n${web}`))).refused).toEqual([
      'document 2, Deployment shop/web: Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  it("asks about objects of a namespace to come in another one", async () => {
    const missing = status(404, 'namespaces "shop" not found');
    const good = server({ create: [taken, missing] });
    expect(await dryRun(good.api, objectsOf(`${shop}---\n${web}`))).toEqual({ refused: [], remarks: [] });
    expect(good.asked.at(-1)?.path).toMatch(/namespaces\/default\/deployments\?/);
    expect(await dryRun(server({ create: [missing, invalid] }).api, objectsOf(web))).toMatchObject({
      refused: [/replicas/],
    });
    const alone = await dryRun(server({ create: [missing] }).api, objectsOf(web));
    expect(alone.remarks).toEqual(['document 1, Deployment shop/web: not checked: namespaces "shop" not found']);
  });

  it("takes kinds that the manifest itself defines, and says which it cannot know", async () => {
    expect((await dryRun(server({}).api, objectsOf(toys))).remarks).toEqual([
      expect.stringMatching(/^document 1, .* no CustomResourceDefinition in apiextensions\.example\/v1 yet$/),
    ]);
  });

  it.each<[string, Parameters<typeof server>[0], number]>([
    ["takes what server-side apply takes", { apply: taken, merge: invalid }, 0],
    ["takes what a merge patch takes", { apply: invalid, merge: taken }, 0],
    ["refuses what neither takes", { apply: invalid, merge: invalid }, 1],
    [
      "takes what k3s deletes and creates anew",
      { apply: status(422, "x: field is immutable"), merge: status(422, "x: field is immutable") },
      0,
    ],
    [
      "asks whether what is created anew can be",
      { apply: invalid, merge: status(422, "field is immutable"), create: [invalid] },
      1,
    ],
  ])("of an object that is there: %s", async (_title, answers, refused) => {
    const { api } = server({ find: taken, ...answers });
    expect((await dryRun(api, objectsOf(web))).refused).toHaveLength(refused);
  });

  it.each([
    status(429, "too many requests"),
    status(503, "etcd is not there"),
    status(403, "unable to create: namespace shop is being terminated"),
    status(400, "admission webhook x does not support dry run"),
  ])("takes no passing trouble for an opinion: $body.message", async (answer) => {
    const { refused, remarks } = await dryRun(server({ create: [answer] }).api, objectsOf(web));
    expect({ refused, remarks: remarks.length }).toEqual({ refused: [], remarks: 1 });
  });

  it("passes on what the server warns of", async () => {
    const { api } = server({ create: [{ ...taken, warnings: ['unknown field "spec.replicass"'] }] });
    expect((await dryRun(api, objectsOf(web))).remarks).toEqual([
      'document 1, Deployment shop/web: unknown field "spec.replicass"',
    ]);
  });
});

describe("warningTexts", () => {
  it("reads the texts of a Warning header", () => {
    expect(warningTexts('299 - "unknown field \\"spec.a\\"", 299 - "x is deprecated, use y"')).toEqual([
      'unknown field "spec.a"',
      "x is deprecated, use y",
    ]);
    expect(warningTexts(undefined)).toEqual([]);
  });
});

describe("mergePatch", () => {
  /** RFC 7386, section 2. */
  function merged(target: unknown, patch: unknown): unknown {
    if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
    const result = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete (result as Record<string, unknown>)[key];
      else (result as Record<string, unknown>)[key] = merged((result as Record<string, unknown>)[key], value);
    }
    return result;
  }

  it("takes any object to any other", () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.oneof({ depthSize: "small" }, leaf, tie("tree"))),
    }));
    const law = fc.property(tree, tree, (old, wanted) => {
      expect(merged(old, mergePatch(old, wanted))).toEqual(wanted);
    });
    fc.assert(law);
  });
});
