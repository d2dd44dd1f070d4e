import { describe, expect, it } from "vitest";
import { readDocuments } from "../../provider/kubernetes/manifest-documents";
import { helmChartConfigProblems } from "./helm-chart-config";

const config = (metadata: string, spec = "{}") =>
  `apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: ${metadata}\nspec: ${spec}\n`;
const problems = (text: string, disabled: string[] = []) =>
  readDocuments(text).objects.flatMap(({ object }) => helmChartConfigProblems(object, disabled));

describe("helmChartConfigProblems", () => {
  const there = "{ name: traefik, namespace: kube-system }";

  it("takes values for traefik, and other charts wherever they are", () => {
    expect(problems(config(there, '{ valuesContent: "service: { type: NodePort }" }'))).toEqual([]);
    expect(problems(config("{ name: shop, namespace: web }"), ["traefik"])).toEqual([]);
    expect(problems("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: traefik }\n")).toEqual([]);
  });

  it.each<[string, string, string[], RegExp]>([
    ["another namespace", config("{ name: traefik }"), [], /expected kube-system.*in default it changes nothing/],
    ["a disabled chart", config(there), ["traefik"], /k3s.disable has traefik/],
    ["values as a map", config(there, "{ valuesContent: { service: {} } }"), [], /expected a text with YAML/],
    ["values that are no YAML", config(there, '{ valuesContent: "a: [" }'), [], /not YAML/],
    ["values that are no map", config(there, '{ valuesContent: "- 1" }'), [], /expected a map/],
  ])("refuses %s", (_title, text, disabled, reason) => {
    expect(problems(text, disabled).join()).toMatch(reason);
  });
});
