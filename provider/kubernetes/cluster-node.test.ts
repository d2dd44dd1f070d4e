import type { V1Node, V1NodeSystemInfo } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { clusterNode } from "./cluster-node";
import { drainedByUs } from "./drain";
import type { NodeApi } from "./node-api";

/** The cluster of a test: a function, so that it can be one that does not answer. */
let cluster: () => Promise<NodeApi | undefined>;
vi.mock("./node-object", async (original) => ({ ...(await original<object>()), clusterOf: () => cluster() }));

const connection = connectionArgs.parse({ host: "server.example", hostKeys: ["ssh-ed25519 AAAA"] });
const wanted = clusterNode.inputs.parse({
  connection,
  kubeconfig: "/etc/rancher/k3s/k3s.yaml",
  name: "w1",
  labels: { disk: "ssd" },
  taints: ["gpu:NoSchedule"],
  timeoutSeconds: 0.01,
});
const node = (ready: string): V1Node => ({
  metadata: { name: "w1", labels: {}, resourceVersion: "1" },
  status: { conditions: [{ type: "Ready", status: ready, message: "starting" }] },
});

let there: V1Node | undefined;
const patches: object[] = [];
const said: string[] = [];
const context = sampleContext({ label: "root@server.example:22" }, said);
const api: NodeApi = {
  find: () => Promise.resolve(there),
  merge: (_name, patch) => Promise.resolve(void patches.push(patch)),
  remove: () => Promise.resolve(),
  podsOn: () => Promise.resolve([]),
  evict: () => Promise.resolve("going"),
};

beforeEach(() => {
  cluster = () => Promise.resolve(api);
  there = node("True");
  patches.length = 0;
  said.length = 0;
});

const failure = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

describe("ClusterNode", () => {
  it("gives a node that is Ready its marks, and pods again where an earlier run had drained it", async () => {
    there = { ...node("True"), metadata: { ...node("True").metadata, annotations: { [drainedByUs]: "true" } } };
    await clusterNode.create(context, wanted);
    expect(patches).toEqual([
      { metadata: { annotations: { [drainedByUs]: null } }, spec: { unschedulable: null } },
      {
        metadata: { resourceVersion: "1", labels: { disk: "ssd" } },
        spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] },
      },
    ]);
  });

  it.each<[string, V1Node | undefined, RegExp]>([
    ["has not registered", undefined, /node w1 has not registered yet/],
    ["is not Ready", node("False"), /NotReady \(starting\)/],
  ])("says of a node that %s what it waited for", async (_title, found, message) => {
    there = found;
    const text = await failure(clusterNode.create(context, wanted));
    expect(text).toMatch(/node w1 is not Ready after/);
    expect(text).toMatch(message);
    expect(patches).toEqual([]);
  });

  it("is known although its wait is over, so that it is drained when it goes, and is waited for again", async () => {
    there = node("False");
    const error: unknown = await clusterNode.create(context, wanted).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PartialFailure);
    expect(error).toMatchObject({ id: "w1", state: wanted });
    const bare = { ...wanted, labels: {}, taints: [] };
    const found = await clusterNode.read(context, "w1", bare);
    expect(found).toEqual({ state: bare, inputs: bare });
    expect(await clusterNode.diff(bare, bare, () => false)).toMatchObject({ changed: ["arrived"] });
    there = node("True");
    const state = await clusterNode.update(context, "w1", bare, bare);
    expect(await clusterNode.diff(state, bare, () => false)).toMatchObject({ changed: [], notes: [] });
    // one that has been Ready does not hold up changes of others
    there = node("False");
    expect(await clusterNode.read(context, "w1", state)).toEqual({ state, inputs: bare });
  });

  it("is found out from its inputs where a create was killed, and is unfinished where the node was left cordoned", async () => {
    const bare = { ...wanted, labels: {}, taints: [] };
    expect((await clusterNode.read(context, "w1", bare))?.state).toEqual({ ...bare, arrived: true });
    there = { ...there, metadata: { name: "w1", annotations: { [drainedByUs]: "true" } } };
    expect((await clusterNode.read(context, "w1", bare))?.state).toEqual(bare);
  });

  it("does not take a node for Ready that says nothing since its board rebooted, and waits again after each reboot", async () => {
    const inBoot = (bootID: string): V1Node => {
      const one = node("True");
      return { ...one, status: { ...one.status, nodeInfo: { bootID } as V1NodeSystemInfo } };
    };
    const rebooted = { ...wanted, formerBoot: "boot-1" };
    const { state } = await clusterNode.create(context, wanted);
    expect(await clusterNode.diff(state, rebooted, () => false)).toMatchObject({ changed: ["formerBoot"] });
    there = inBoot("boot-1");
    expect(await failure(clusterNode.update(context, "w1", state, rebooted))).toMatch(
      /node w1 has not said anything since its board rebooted/,
    );
    there = inBoot("boot-2");
    const after = await clusterNode.update(context, "w1", state, rebooted);
    expect(await clusterNode.diff(after, rebooted, () => false)).toMatchObject({ changed: [] });
    // without a reboot that may be there is nothing to wait for
    expect(await clusterNode.diff(after, wanted, () => false)).toMatchObject({ changed: [] });
  });

  it("leaves a node alone that stays", async () => {
    await clusterNode.delete(context, "w1", { ...wanted, stays: true });
    expect(patches).toEqual([]);
  });

  it("reads the marks that are its own, and finds a node that is gone", async () => {
    there = { ...node("True"), metadata: { name: "w1", labels: { disk: "hdd", other: "1" } } };
    expect((await clusterNode.read(context, "w1", wanted))?.inputs).toMatchObject({
      labels: { disk: "hdd" },
      taints: [],
    });
    there = undefined;
    expect(await clusterNode.read(context, "w1", wanted)).toBeUndefined();
  });

  it("takes a node as unchanged while no API server answers, but not while the board does not", async () => {
    cluster = () => Promise.reject(new Error("connect ECONNREFUSED"));
    expect((await clusterNode.read(context, "w1", wanted))?.state).toEqual(wanted);
    expect(said).toEqual(["warning: node w1 is taken as unchanged: connect ECONNREFUSED"]);
    cluster = () => Promise.reject(new BoardError("unreachable", "root@server.example:22", "nobody answers"));
    expect(await failure(clusterNode.read(context, "w1", wanted) as Promise<unknown>)).toMatch(/nobody answers/);
  });

  it("cordons the node when it goes, and does not hold up the end of a cluster that does not answer", async () => {
    await clusterNode.delete(context, "w1", wanted);
    expect(patches).toEqual([{ metadata: { annotations: { [drainedByUs]: "true" } }, spec: { unschedulable: true } }]);
    cluster = () => Promise.reject(new Error("connect ECONNREFUSED"));
    await clusterNode.delete(context, "w1", wanted);
    expect(said).toEqual(["warning: node w1 is not drained: connect ECONNREFUSED"]);
    cluster = () => Promise.resolve(undefined);
    await clusterNode.delete(context, "w1", wanted);
  });
});
