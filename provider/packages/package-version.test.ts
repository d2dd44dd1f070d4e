import { expect, it } from "vitest";
import { kubernetesVersion, mayBeSameKubernetes } from "./package-version";

it.each<[string, string | undefined]>([
  ["1.36.3", "v1.36.3"],
  ["1.36.3-1.fc43", "v1.36.3"],
  ["1:1.36.3-1", "v1.36.3"],
  ["1.36.3+k3s1-1", "v1.36.3+k3s1"],
  ["0:1.36.3+k3s1-1.1", "v1.36.3+k3s1"],
  ["v1.36.3+k3s1", "v1.36.3+k3s1"],
  ["1.36.3~rc1-1", "v1.36.3"],
  ["1.36.13-1", "v1.36.13"],
  ["1.36-1", undefined],
  ["1:36.3-1", undefined],
  ["git20260801", undefined],
  ["", undefined],
])("the Kubernetes of a package %j is %j", (version, kubernetes) => {
  expect(kubernetesVersion(version)).toBe(kubernetes);
});

it.each<[string, string, boolean]>([
  ["1.36.3-1.fc43", "v1.36.3+k3s1", true],
  ["1:1.36.3+k3s2-1", "v1.36.3+k3s1", true],
  ["1.36.2-1", "v1.36.3+k3s1", false],
  ["1.36.30-1", "v1.36.3", false],
  ["git20260801", "v1.36.3", true],
])("%s may be the Kubernetes of %s: %s", (one, other, may) => {
  expect(mayBeSameKubernetes(one, other)).toBe(may);
});
