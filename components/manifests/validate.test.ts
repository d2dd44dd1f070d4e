import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { manifestProblems } from "./validate";

const directory = mkdtempSync(join(tmpdir(), "manifests-"));
afterAll(() => rmSync(directory, { recursive: true }));

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const said = (yaml: string) => manifestProblems({ x: { yaml } }).map(({ reason }) => reason);

describe("manifestProblems", () => {
  it("tells all of them at once, with config paths", () => {
    const file = join(directory, "broken.yaml");
    writeFileSync(file, "a: 1\n---\nb: [\n");
    const problems = manifestProblems({
      broken: { file },
      gone: { file: join(directory, "gone.yaml") },
      web: { yaml: `${configMap("a")}---\n- 1\n---\nkind: Pod\nmetadata: {}\n` },
      twice: { yaml: `${configMap("b")}---\n${configMap("b")}` },
      other: { yaml: configMap("a") },
    });
    expect(problems.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      `manifests.broken.file: ${file}: not YAML: line 4, column 1: deficient indentation`,
      expect.stringMatching(/^manifests\.gone\.file: ENOENT/),
      "manifests.web.yaml: document 2: expected an object with apiVersion, kind and metadata, got a list",
      "manifests.web.yaml: document 3: Pod: apiVersion: is missing (such as v1 or apps/v1)",
      "manifests.web.yaml: document 3: Pod: metadata.name: is missing (such as web)",
      "manifests.twice.yaml: document 2: ConfigMap b is in document 1 already",
      "manifests.other.yaml: document 1: ConfigMap a is in manifests.web, document 1, already: each would undo the other",
    ]);
  });

  it.each([
    ["nothing but comments", "# later\n---\n", "holds no object"],
    [
      "a label that is no text",
      "apiVersion: v1\nkind: Pod\nmetadata: { name: a, labels: { on-call: yes } }",
      "document 1: Pod: metadata.labels.on-call: expected a text, got true: put it in quotes",
    ],
    [
      "generateName",
      "apiVersion: v1\nkind: Pod\nmetadata: { generateName: a- }",
      "document 1: Pod: metadata.name: is missing; k3s applies objects by name, so that generateName does not do",
    ],
    [
      "a namespace in capitals",
      "apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: Shop }",
      'document 1: Pod: metadata.namespace: expected lower-case letters, digits and dashes, got "Shop"',
    ],
    [
      "what is wrong in a list",
      "apiVersion: v1\nkind: List\nitems: [{ kind: Pod, apiVersion: v1, metadata: { name: a/b } }]",
      'document 1, item 1: Pod: metadata.name: expected something like web, got "a/b"',
    ],
  ])("refuses %s", (_title, yaml, reason) => expect(said(yaml)).toEqual([reason]));

  it("takes empty documents, lists, names with colons, and the same name in two groups", () => {
    expect(
      said(
        [
          "",
          "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: 'system:a' }\n",
          `apiVersion: v1\nkind: List\nitems:\n  - ${configMap("a").trim().replaceAll("\n", "\n    ")}\n`,
          "apiVersion: example.test/v1\nkind: ConfigMap\nmetadata: { name: a }\n",
        ].join("---\n"),
      ),
    ).toEqual([]);
  });
});
