import { dump } from "js-yaml";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imagesInManifests } from "./images";

const pod = (image: string) => ({ containers: [{ name: "main", image }] });
const template = (image: string) => ({ template: { spec: pod(image) } });
const names = (text: string) => imagesInManifests(text).map(({ image }) => image);

describe("imagesInManifests", () => {
  it.each<[string, object]>([
    ["Pod", { spec: pod("a:1") }],
    ["Deployment", { spec: template("a:1") }],
    ["DaemonSet", { spec: template("a:1") }],
    ["StatefulSet", { spec: template("a:1") }],
    ["ReplicaSet", { spec: template("a:1") }],
    ["Job", { spec: template("a:1") }],
    ["CronJob", { spec: { jobTemplate: { spec: template("a:1") } } }],
  ])("finds the image of a %s", (kind, rest) => {
    const text = dump({ apiVersion: "v1", kind, metadata: { name: "web", namespace: "shop" }, ...rest });
    expect(imagesInManifests(text)).toEqual([{ image: "a:1", where: `${kind} shop/web, container main` }]);
  });

  it("reads YAML as Kubernetes does, with merge keys and binary values", () => {
    const text = [
      "kind: Pod",
      "metadata: { name: web }",
      "x-main: &main { name: main, image: a:1 }",
      "spec: { containers: [{ <<: *main }] }",
      "---",
      "kind: Secret",
      "metadata: { name: key }",
      "data: { key: !!binary aGk= }",
      "",
    ].join("\n");
    expect(names(text)).toEqual(["a:1"]);
  });

  it("finds init, ephemeral and volume images, in every document and list, each once", () => {
    const text = [
      dump({
        kind: "Pod",
        metadata: { name: "one" },
        spec: {
          initContainers: [{ image: "init" }],
          ephemeralContainers: [{ name: "e", image: "debug" }],
          volumes: [{ name: "v", image: { reference: "data:1" } }, { name: "w" }],
          ...pod("main"),
        },
      }),
      "",
      dump({
        kind: "List",
        items: [{ kind: "Pod", metadata: { name: "two" }, spec: pod("main") }, { kind: "ConfigMap" }],
      }),
      dump({ kind: "PodList", items: [{ kind: "Pod", metadata: { name: "three" }, spec: pod("other") }] }),
    ].join("---\n");
    expect(imagesInManifests(text)).toEqual([
      { image: "init", where: "Pod default/one, init container" },
      { image: "main", where: "Pod default/one, container main" },
      { image: "debug", where: "Pod default/one, ephemeral container e" },
      { image: "data:1", where: "Pod default/one, volume v" },
      { image: "other", where: "Pod default/three, container main" },
    ]);
  });

  it("passes over what is no workload, whatever it is", () => {
    expect(names("")).toEqual([]);
    expect(names("kind: Service\nspec: {image: x}\n---\njust text\n---\n- 1\n")).toEqual([]);
    const law = fc.property(fc.jsonValue(), (value) => {
      expect(Array.isArray(names(JSON.stringify(value)))).toBe(true);
    });
    fc.assert(law);
  });
});
