import { expect, it } from "vitest";
import { criDockerdProblems, networkPluginDefault } from "./cri-dockerd-versions";

it.each([
  ["0.2.3", "none"],
  ["v0.2.4", "none"],
  ["0.2.5", "cni"],
  ["0.3.0", "cni"],
  ["0.4.3", "cni"],
])("cri-dockerd %s takes %s for its network plugin", (version, plugin) => {
  expect(networkPluginDefault(version)).toBe(plugin);
});

it.each([
  ["0.2.3", "v1.24.3", []],
  [
    "0.2.6",
    "v1.36.3",
    [
      "cri-dockerd 0.2.6 is too old for Kubernetes v1.36.3: only 0.3.0 and later speak CRI v1, which kubelet 1.26 and later ask for",
    ],
  ],
  ["0.3.0", "v1.36.3", []],
  [
    "0.3.16",
    "v1.37.0",
    [
      "cri-dockerd 0.3.16 is too old for Kubernetes v1.37.0: only 0.3.17 and later tell kubelet its cgroup driver (CRI RuntimeConfig), which kubelet 1.37 and later ask for",
    ],
  ],
  ["0.3.17", "v1.37.0", []],
  ["0.4.3", "v1.36.3", []],
])("cri-dockerd %s under Kubernetes %s", (version, kubernetes, problems) => {
  expect(criDockerdProblems(version, kubernetes)).toEqual(problems);
});
