import { expect, it } from "vitest";
import { bridgeConflist } from "./bridge";

it("is a network whose addresses are the pods'", () => {
  const { plugins, ...rest } = JSON.parse(bridgeConflist("10.244.0.0/16")) as { plugins: Record<string, unknown>[] };
  expect(rest).toEqual({ cniVersion: "1.0.0", name: "k3s-board-bridge" });
  expect(plugins.map(({ type }) => type)).toEqual(["bridge", "portmap"]);
  expect(plugins[0]).toMatchObject({ ipam: { ranges: [[{ subnet: "10.244.0.0/16" }]] } });
});
