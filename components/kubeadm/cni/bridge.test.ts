import { basename } from "node:path";
import { expect, it } from "vitest";
import { bridgeConflist, bridgePath } from "./bridge";
import { flannelPaths } from "./flannel";

it.each([bridgePath, flannelPaths.conflist])("%s is the file that a runtime takes", (path) => {
  const left = ["05-cilium.conflist", "10-calico.conflist", "10-containerd-net.conflist", "10-flannel.conflist"];
  expect([...left, basename(path)].sort()[0]).toBe(basename(path));
});

it("is a network whose addresses are the pods'", () => {
  const { plugins, ...rest } = JSON.parse(bridgeConflist("10.244.0.0/16")) as { plugins: Record<string, unknown>[] };
  expect(rest).toEqual({ cniVersion: "1.0.0", name: "k3s-board-bridge" });
  expect(plugins.map(({ type }) => type)).toEqual(["bridge", "portmap"]);
  expect(plugins[0]).toMatchObject({ ipam: { ranges: [[{ subnet: "10.244.0.0/16" }]] } });
});
