import { setImmediate as nextTurn } from "node:timers/promises";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { BoardError } from "../ssh/board-error";
import { drainedByUs } from "./drain";
import { thenUncordoned, whileDrained } from "./drained-work";
import type { NodeApi } from "./node-api";

interface Patch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> };
  readonly spec: { readonly unschedulable: boolean | null };
}

/** A cluster with the Ready node `one` and a pod, that does what the API server does with a merge patch. */
function cluster(spec: V1Node["spec"] = {}, annotations: Record<string, string> = {}) {
  const node: V1Node = {
    metadata: { name: "one", annotations },
    spec: { ...spec },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const pods: V1Pod[] = [{ metadata: { name: "web", namespace: "default" }, status: { phase: "Running" } }];
  /** How many questions are not answered. */
  const down = { asks: 0 };
  const done: string[] = [];
  const api: NodeApi = {
    find: () => Promise.resolve(node),
    merge(_name, patch) {
      const { metadata, spec: wanted } = patch as Patch;
      for (const [key, value] of Object.entries(metadata.annotations)) {
        if (value === null) Reflect.deleteProperty(annotations, key);
        else annotations[key] = value;
      }
      node.spec = wanted.unschedulable === null ? {} : { unschedulable: wanted.unschedulable };
      done.push(wanted.unschedulable ? "cordon" : "uncordon");
      return Promise.resolve();
    },
    remove: () => Promise.resolve(),
    podsOn: () => Promise.resolve([...pods]),
    evict: () => {
      done.push("evict");
      pods.pop();
      return Promise.resolve("going");
    },
  };
  const said: string[] = [];
  const args = {
    node: "one",
    label: "root@board",
    timeoutSeconds: 5,
    patienceSeconds: 0.2,
    log: (severity: string, message: string) => void said.push(`${severity}: ${message}`),
    pause: () => nextTurn(),
    cluster: () =>
      down.asks-- > 0 ? Promise.reject(new Error("connect ECONNREFUSED")) : Promise.resolve<NodeApi | undefined>(api),
    note: () => Promise.resolve(void done.push("note")),
    forget: () => Promise.resolve(void done.push("forget")),
  };
  const work = () => Promise.resolve(void done.push("work"));
  return { args, work, done, said, down, node, annotations };
}

describe("whileDrained", () => {
  it("notes, cordons, evicts, works, uncordons and forgets", async () => {
    const { args, work, done, node, annotations } = cluster();
    await whileDrained(args, work);
    expect(done).toEqual(["note", "cordon", "evict", "work", "uncordon", "forget"]);
    expect([node.spec, annotations]).toEqual([{}, {}]);
  });

  it("uncordons after work that failed, whose reason is told", async () => {
    const { args, done } = cluster();
    await expect(whileDrained(args, () => Promise.reject(new Error("rolled back")))).rejects.toThrow("rolled back");
    expect(done).toEqual(["note", "cordon", "evict", "uncordon", "forget"]);
  });

  it("leaves a node cordoned that somebody else has cordoned", async () => {
    const { args, work, done, node } = cluster({ unschedulable: true });
    await whileDrained(args, work);
    expect(done).toEqual(["note", "evict", "work", "forget"]);
    expect(node.spec).toEqual({ unschedulable: true });
  });

  it("does the work where nobody answers, and asks again until somebody does", async () => {
    const { args, work, done, said, down } = cluster();
    down.asks = 3;
    await whileDrained(args, work);
    expect(said).toEqual(["warning: node one is not drained: connect ECONNREFUSED"]);
    expect(done).toEqual(["note", "work", "forget"]);
  });

  it("says that a node stays cordoned, and keeps the note", async () => {
    const { args, done, down } = cluster();
    const work = () => {
      down.asks = Infinity;
      return Promise.resolve();
    };
    await expect(whileDrained(args, work)).rejects.toThrow(
      "node one may still be cordoned, which the next run ends (or kubectl uncordon one): connect ECONNREFUSED",
    );
    expect(done).not.toContain("forget");
  });

  it("touches nothing more once the run is cancelled", async () => {
    const { args, work, done } = cluster();
    const cancelled = () => Promise.reject(new BoardError("cancelled", "root@board", "the run was cancelled"));
    await expect(whileDrained({ ...args, cluster: cancelled }, work)).rejects.toThrow("the run was cancelled");
    expect(done).toEqual(["note"]);
  });
});

it("uncordons what a killed run had cordoned, without draining it again", async () => {
  const { args, work, done, node } = cluster({ unschedulable: true }, { [drainedByUs]: "true" });
  await thenUncordoned(args, work);
  expect(done).toEqual(["work", "uncordon", "forget"]);
  expect(node.spec).toEqual({});
});
