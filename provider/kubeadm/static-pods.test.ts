import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { staticPods } from "./phases";
import { staticPodsReady } from "./static-pods";

const pod = (component: string, ready: boolean): V1Pod => ({
  metadata: { name: `${component}-board`, namespace: "kube-system", labels: { component } },
  status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

describe("the static pods of a control plane", () => {
  it("are ready once each is", () => {
    expect(staticPodsReady(staticPods.map((name) => pod(name, true)))).toEqual({ ready: true, detail: "" });
  });
  it("are not while one is not there or not Ready, and it is said which", () => {
    const pods = staticPods.slice(1).map((name) => pod(name, name !== "kube-scheduler"));
    expect(staticPodsReady(pods)).toEqual({
      ready: false,
      detail: "static pod etcd: not there yet\npod kube-system/kube-scheduler-board: Running, not Ready",
    });
  });
});
