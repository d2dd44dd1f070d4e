import { dump } from "js-yaml";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectiveConfiguration, mergeFiles } from "./effective";
import {
  configPath,
  type ConfigFile,
  fileOccurrences,
  filesInOrder,
  type Occurrence,
  originText,
  UnreadableConfig,
} from "./sources";

const base = "/etc/rancher/k3s/config.yaml";
const server = { minor: 36, role: "server" } as const;

/** Files by their names in config.yaml.d; the empty name is config.yaml itself. */
function files(texts: Record<string, string>): ConfigFile[] {
  return Object.entries(texts).map(([name, text]) => ({ path: name === "" ? base : `${base}.d/${name}`, text }));
}

function valuesOf(texts: Record<string, string>, flag: string, args: readonly string[] = []) {
  return effectiveConfiguration({ ...server, files: files(texts), args }).settings.get(flag)?.values;
}

describe("configPath", () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ["the default", [], {}, base],
    ["--config", ["--debug", "--config", "/a.yaml"], {}, "/a.yaml"],
    ["--config=", ["--config=/a.yaml"], {}, "/a.yaml"],
    ["-c", ["-c=/a.yaml", "--config=/b.yaml"], {}, "/a.yaml"],
    ["the environment before the command line", ["--config=/a.yaml"], { K3S_CONFIG_FILE: "/e.yaml" }, "/e.yaml"],
  ])("is %s", (_title, args, environment, path) => expect(configPath(args, environment)).toBe(path));
});

describe("filesInOrder", () => {
  it("has config.yaml first, then its directory by name, and nothing else", () => {
    const names = ["b.yml", "a.YAML", "", "note.txt", "deep/x.yaml", "B.yaml"];
    const there = [
      ...files(Object.fromEntries(names.map((name) => [name, ""]))),
      { path: "/etc/other.yaml", text: "" },
    ];
    expect(filesInOrder(base, there).map(({ path }) => path)).toEqual([
      base,
      `${base}.d/B.yaml`,
      `${base}.d/a.YAML`,
      `${base}.d/b.yml`,
    ]);
  });

  it("does not hang on the order in which files are given", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}\.yaml$/), { maxLength: 6 });
    fc.assert(
      fc.property(names, (given) => {
        const some = files(Object.fromEntries(given.map((name) => [name, ""])));
        expect(filesInOrder(base, [...some].reverse())).toEqual(filesInOrder(base, some));
      }),
    );
  });
});

describe("fileOccurrences", () => {
  it.each([
    ["an octal mode without quotes", "write-kubeconfig-mode: 0644", ["420"]],
    ["one with quotes", 'write-kubeconfig-mode: "0644"', ["0644"]],
    ["yes", "debug: yes", ["true"]],
    ["nothing", "debug:", [""]],
    ["a list of several types", "debug:\n- 1\n- '2'\n- ''\n- true", ["1", "2", "", "true"]],
    ["a list in a list, of which k3s takes the first", "debug:\n- [a, b]", ["a"]],
    ["a key twice, of which the last stands", "debug: 1\ndebug: 2", ["2"]],
  ])("reads %s as k3s does", (_title, text, values) => {
    expect(fileOccurrences({ path: base, text })[0]?.values).toEqual(values);
  });

  it("tells the line of each key", () => {
    const found = fileOccurrences({ path: base, text: "# ours\n\ntoken: x\nnode-label+:\n  - a=b\n'debug' : true\n" });
    expect(found.map(({ name, appends, from }) => [name, appends, originText(from)])).toEqual([
      ["token", false, `${base}:3`],
      ["node-label", true, `${base}:4`],
      ["debug", false, `${base}:6`],
    ]);
  });

  it.each(["token: [s3cret", "- s3cret", "s3cret"])("refuses %s without telling what is in it", (text) => {
    const read = () => fileOccurrences({ path: base, text });
    expect(read).toThrow(UnreadableConfig);
    expect(read).toThrow(/^\/etc\/rancher\/k3s\/config\.yaml is no (YAML|map of keys): k3s does not start with it$/);
  });
});

describe("effectiveConfiguration", () => {
  it.each<[string, Record<string, string>, string[], string, string[] | undefined]>([
    ["k3s's default", {}, [], "cluster-domain", ["cluster.local"]],
    ["the file before the default", { "": "cluster-domain: a" }, [], "cluster-domain", ["a"]],
    ["the last file", { "": "cluster-domain: a", "1.yaml": "cluster-domain: b" }, [], "cluster-domain", ["b"]],
    ["the command line", { "": "cluster-domain: a" }, ["--cluster-domain=c"], "cluster-domain", ["c"]],
    ["a value in the next argument", {}, ["--debug", "--cluster-domain", "c"], "cluster-domain", ["c"]],
    ["a switched-off switch", { "": "debug: true" }, ["-debug=false"], "debug", ["false"]],
    ["a list of the last file", { "": "node-label: [a, b]", "1.yaml": "node-label: [c]" }, [], "node-label", ["c"]],
    ["an appended list", { "": "node-label: a", "1.yaml": "node-label+: [b]" }, [], "node-label", ["a", "b"]],
    ["an appending first file", { "1.yaml": "node-label+: [b]" }, [], "node-label", ["b"]],
    ["a list of both", { "": "node-label: [a]" }, ["--node-label=b"], "node-label", ["a", "b"]],
    ["commas where k3s splits", { "": "disable: 'coredns, traefik'" }, [], "disable", ["coredns", "traefik"]],
    ["commas where it does not", {}, ["--kubelet-arg=a=1,b=2"], "kubelet-arg", ["a=1,b=2"]],
    ["short forms", { "": "d: /data" }, [], "data-dir", ["/data"]],
    ["a file that is not the default one", { "": "debug: true" }, ["--config=/x.yaml"], "debug", undefined],
    [
      "an empty list that takes away",
      { "": "node-label: [a]", "1.yaml": "node-label: []" },
      [],
      "node-label",
      undefined,
    ],
  ])("takes %s", (_title, texts, args, flag, values) => expect(valuesOf(texts, flag, args)).toEqual(values));

  it("takes the environment where neither file nor command line says anything", () => {
    const environment = { K3S_DATA_DIR: "/env", K3S_NODE_NAME: "n" };
    const { settings } = effectiveConfiguration({ ...server, environment, files: files({ "": "node-name: f" }) });
    expect(settings.get("data-dir")).toMatchObject({
      values: ["/env"],
      from: [{ kind: "environment", variable: "K3S_DATA_DIR" }],
    });
    expect(settings.get("node-name")?.values).toEqual(["f"]);
  });

  it("tells where each part of a list comes from, and what this k3s does not know", () => {
    const texts = { "": "node-label: [a]\nno-deploy: [x]", "1.yaml": "node-label+: [b]" };
    const { settings, unknown } = effectiveConfiguration({ ...server, files: files(texts), args: ["--node-label=c"] });
    expect(settings.get("node-label")?.from.map(originText)).toEqual([
      `${base}:1`,
      `${base}.d/1.yaml:1`,
      "the command line",
    ]);
    expect(unknown.map(({ name }) => name)).toEqual(["no-deploy"]);
  });

  it("merges files associatively: what two say together is what they say one after the other", () => {
    const occurrence = fc.record({
      name: fc.constantFrom("node-label", "kubelet-arg"),
      values: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 2 }),
      appends: fc.boolean(),
      from: fc.constant({ kind: "argument" } as const),
    });
    const file = fc.array(occurrence, { maxLength: 3 });
    const merged = (...parts: Occurrence[][]) => mergeFiles(parts).flat();
    fc.assert(
      fc.property(file, file, file, (a, b, c) => {
        expect(merged(merged(a, b), c)).toEqual(merged(a, b, c));
      }),
    );
  });

  it("lets the last file that sets a scalar win", () => {
    const domains = fc.array(fc.option(fc.stringMatching(/^[a-z]{1,6}$/)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(domains, (given) => {
        const texts = given.map((domain, index) => [
          `${index}.yaml`,
          domain === null ? "" : dump({ "cluster-domain": domain }),
        ]);
        const last = given.findLast((domain) => domain !== null) ?? "cluster.local";
        expect(valuesOf(Object.fromEntries(texts) as Record<string, string>, "cluster-domain")).toEqual([last]);
      }),
    );
  });

  it("has the list values of the command line behind those of the files", () => {
    const labels = fc.array(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(labels, labels, (inFile, inArgs) => {
        const args = inArgs.map((label) => `--node-label=${label}`);
        expect(valuesOf({ "": dump({ "node-label": inFile }) }, "node-label", args)).toEqual([...inFile, ...inArgs]);
      }),
    );
  });
});
