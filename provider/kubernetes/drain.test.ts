import { setImmediate as nextTurn } from "node:timers/promises";
import { ApiException, type V1Node, type V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { cordonPatch, drainedByUs, drainNode, mustLeave, uncordonPatch } from "./drain";
import type { Eviction, NodeApi } from "./node-api";

const replicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "1", controller: true };
const pod = (name: string, more: Partial<V1Pod> = {}): V1Pod => ({
  metadata: { name, namespace: "default", ownerReferences: [replicaSet] },
  status: { phase: "Running" },
  ...more,
});
const ready: V1Node = {
  metadata: { name: "w1" },
  status: { conditions: [{ type: "Ready", status: "True" }] },
};

/** A cluster with one node, whose pods go when `answer` lets them. */
function cluster(
  node: V1Node | undefined,
  pods: V1Pod[],
  answer: (pod: V1Pod, asked: number) => Eviction = () => "going",
) {
  const asked = new Map<string, number>();
  const patches: object[] = [];
  const api: NodeApi = {
    find: () => Promise.resolve(node),
    merge: (_name, patch) => Promise.resolve(void patches.push(patch)),
    remove: () => Promise.resolve(),
    podsOn: () => Promise.resolve([...pods]),
    evict: (one) => {
      const name = one.metadata?.name ?? "";
      asked.set(name, (asked.get(name) ?? 0) + 1);
      const eviction = answer(one, asked.get(name) ?? 0);
      if (eviction === "going") pods.splice(pods.indexOf(one), 1);
      return Promise.resolve(eviction);
    },
  };
  return { api, asked, patches, pods };
}

async function drain(api: NodeApi, timeoutSeconds = 5): Promise<string[]> {
  const said: string[] = [];
  const log = (severity: string, message: string) => void said.push(`${severity}: ${message}`);
  await drainNode({ api, node: "w1", timeoutSeconds, log, patienceSeconds: 0.2, pause: () => nextTurn() });
  return said;
}

describe("drainNode", () => {
  it("cordons the node, evicts what can go elsewhere and leaves the rest", async () => {
    const daemon = pod("daemon", {
      metadata: { name: "daemon", ownerReferences: [{ ...replicaSet, kind: "DaemonSet" }] },
    });
    const mirror = pod("static", { metadata: { name: "static", annotations: { "kubernetes.io/config.mirror": "1" } } });
    const job = pod("job", { status: { phase: "Succeeded" } });
    const { api, asked, patches } = cluster(ready, [pod("a"), daemon, mirror, job, pod("b")]);
    const said = await drain(api);
    expect(patches).toEqual([{ metadata: { annotations: { [drainedByUs]: "true" } }, spec: { unschedulable: true } }]);
    expect([...asked.keys()]).toEqual(["a", "b"]);
    expect(said).toEqual(["info: draining node w1: default/a, default/b", "info: node w1 is drained"]);
  });

  it("heeds a PodDisruptionBudget until it lets the pod go", async () => {
    const { api, asked } = cluster(ready, [pod("a")], (_pod, times) => (times < 4 ? { held: "budget" } : "going"));
    expect((await drain(api)).at(-1)).toBe("info: node w1 is drained");
    expect(asked.get("a")).toBe(4);
  });

  it("gives up after its time, with what holds each pod", async () => {
    const { api } = cluster(ready, [pod("a")], () => ({ held: "Cannot evict pod: disruption budget web" }));
    expect((await drain(api, 0.05)).at(-1)).toBe(
      "warning: node w1 goes with pods on it after 0.05 s: pod default/a: Cannot evict pod: disruption budget web",
    );
  });

  it("asks once for a pod that is going already", async () => {
    const going = pod("a", { metadata: { name: "a", namespace: "default", deletionTimestamp: new Date() } });
    const { api, asked } = cluster(ready, [going]);
    expect((await drain(api, 0.05)).at(-1)).toMatch(/goes with pods on it .*: pod default\/a: Terminating/);
    expect(asked.size).toBe(0);
  });

  it("does not wait for a node that is not Ready, whose pods nobody ends", async () => {
    const dead: V1Node = { ...ready, status: { conditions: [{ type: "Ready", status: "Unknown" }] } };
    const { api, asked } = cluster(dead, [pod("a")], () => ({ held: "budget" }));
    expect((await drain(api, 60)).at(-1)).toMatch(/^warning: node w1 is not Ready, so its pods are not waited for/);
    expect(asked.get("a")).toBe(1);
  });

  it("asks again where a request is not answered, for a while", async () => {
    const { api, patches } = cluster(ready, [pod("a")]);
    let down = 2;
    const answer = <Result>(asked: Promise<Result>) =>
      down-- > 0 ? Promise.reject(new Error("socket hang up")) : asked;
    const flaky: NodeApi = {
      ...api,
      find: (name) => answer(api.find(name)),
      podsOn: (name) => {
        if (patches.length === 1 && down < 0) down = 1;
        return answer(api.podsOn(name));
      },
    };
    expect((await drain(flaky)).at(-1)).toBe("info: node w1 is drained");
    down = Infinity;
    await expect(drain(flaky)).rejects.toThrow("socket hang up");
  });

  it("does not ask again for what is refused", async () => {
    let asked = 0;
    const refuse = () => Promise.reject(new ApiException(403, "Forbidden", { message: "no" }, {}));
    const { api } = cluster(ready, []);
    await expect(drain({ ...api, find: () => (asked++, refuse()) })).rejects.toThrow("403");
    expect(asked).toBe(1);
  });

  it("warns of pods that nobody makes anew", async () => {
    const alone = pod("alone", { metadata: { name: "alone", namespace: "default" } });
    expect(await drain(cluster(ready, [alone]).api)).toContain(
      "warning: nobody makes these pods anew elsewhere: default/alone",
    );
  });

  it("has nothing to do for a node that is gone, or is empty", async () => {
    expect(await drain(cluster(undefined, []).api)).toEqual([]);
    expect(await drain(cluster(ready, []).api)).toEqual([]);
  });
});

it("uncordons what this program has cordoned, and nothing else", () => {
  expect(cordonPatch({ ...ready, spec: { unschedulable: true } })).toBeUndefined();
  expect(uncordonPatch({ ...ready, spec: { unschedulable: true } })).toBeUndefined();
  expect(uncordonPatch({ metadata: { annotations: { [drainedByUs]: "true" } } })).toEqual({
    metadata: { annotations: { [drainedByUs]: null } },
    spec: { unschedulable: null },
  });
});

it("a finished pod has nothing to leave for", () => {
  expect(mustLeave(pod("a", { status: { phase: "Failed" } }))).toBe(false);
  expect(mustLeave(pod("a"))).toBe(true);
});
