import { expect, it } from "vitest";
import { networkPluginDefault } from "./cri-dockerd-versions";

it.each([
  ["0.2.3", "none"],
  ["v0.2.4", "none"],
  ["0.2.5", "cni"],
  ["0.3.0", "cni"],
  ["0.4.3", "cni"],
])("cri-dockerd %s takes %s for its network plugin", (version, plugin) => {
  expect(networkPluginDefault(version)).toBe(plugin);
});
