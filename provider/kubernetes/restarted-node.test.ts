import type { V1Lease, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { leaseHealth, podsAgain } from "./restarted-node";

describe("leaseHealth", () => {
  const startedAt = new Date("2026-11-30T05:00:00Z");
  const renewed = (time: string) => ({ spec: { renewTime: new Date(time) } }) as unknown as V1Lease;

  it.each([
    ["renewed before the start", renewed("2026-11-30T04:59:59.900Z"), false],
    ["renewed in the second of the start", renewed("2026-11-30T05:00:00Z"), true],
    ["renewed since", renewed("2026-11-30T05:00:09.123456Z"), true],
    ["never renewed", {}, false],
    ["not there", undefined, false],
  ])("a lease that was %s: %s", (_title, lease, ready) => {
    expect(leaseHealth("dev", lease, startedAt)).toEqual({
      ready,
      detail: ready ? "" : "node dev: its kubelet has not been heard of since the start",
    });
  });
});

describe("podsAgain", () => {
  const pod = (uid: string, status: V1Pod["status"], more: V1Pod["metadata"] = {}): V1Pod => ({
    metadata: { uid, name: uid, namespace: "shop", ...more },
    status: status!,
  });
  const running = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  const broken = { phase: "Running", conditions: [{ type: "Ready", status: "False" }] };

  it("waits for those that were Ready and are still there", () => {
    const pods = [pod("a", running), pod("b", broken), pod("new", broken)];
    expect(podsAgain(pods, ["a", "b", "deleted"])).toEqual({
      ready: false,
      detail: "pod shop/b: Running, not Ready",
    });
    expect(podsAgain(pods, ["a", "deleted"])).toEqual({ ready: true, detail: "1 of 2 pods of before Ready again" });
  });

  it("does not wait for pods that end", () => {
    const ending = { deletionTimestamp: new Date() };
    const pods = [pod("a", { phase: "Succeeded" }), pod("b", { phase: "Failed" }), pod("c", broken, ending)];
    expect(podsAgain(pods, ["a", "b", "c"])).toMatchObject({ ready: true });
  });

  it("misses a pod that kubelet has thrown out", () => {
    expect(podsAgain([pod("a", { phase: "Failed", reason: "Evicted" })], ["a"])).toMatchObject({ ready: false });
  });
});
