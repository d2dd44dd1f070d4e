import type { V1Node } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { etcdMember, notVoting } from "./etcd-member";
import type { NodeApi } from "./node-api";

let cluster: () => Promise<NodeApi | undefined>;
vi.mock("./node-object", async (original) => ({ ...(await original<object>()), clusterOf: () => cluster() }));

const connection = connectionArgs.parse({ host: "server.example", hostKeys: ["ssh-ed25519 AAAA"] });
const wanted = etcdMember.inputs.parse({
  connection,
  kubeconfig: "/etc/rancher/k3s/k3s.yaml",
  name: "s2",
  timeoutSeconds: 0.01,
});
const member = (annotations: Record<string, string>, voter?: string): V1Node => ({
  metadata: { name: "s2", annotations },
  status: { conditions: voter === undefined ? [] : [{ type: "EtcdIsVoter", status: voter, message: "learning" }] },
});
const voting = member({ "etcd.k3s.cattle.io/node-name": "s2-1a2b3c4d" }, "True");

const learning = member({ "etcd.k3s.cattle.io/node-name": "s2" }, "False");

let there: V1Node | undefined;
/** What k3s makes of the node when it is patched. */
let answer: V1Node | undefined;
const patches: object[] = [];
const said: string[] = [];
const context = sampleContext({ label: "root@server.example:22" }, said);
const api: NodeApi = {
  find: () => Promise.resolve(there),
  merge: (_name, patch) => {
    patches.push(patch);
    there = answer;
    return Promise.resolve();
  },
  remove: () => Promise.resolve(),
  podsOn: () => Promise.resolve([]),
  evict: () => Promise.resolve("going"),
};

beforeEach(() => {
  cluster = () => Promise.resolve(api);
  there = voting;
  answer = undefined;
  patches.length = 0;
  said.length = 0;
});

describe("notVoting", () => {
  it.each<[string, V1Node | undefined, string | undefined]>([
    ["is not there", undefined, "the node has not registered yet"],
    ["is no member", member({}, "True"), "it is no member of etcd yet"],
    ["says nothing", member({ "etcd.k3s.cattle.io/node-name": "s2" }), "it does not vote in etcd yet (no status)"],
    ["learns", member({ "etcd.k3s.cattle.io/node-name": "s2" }, "False"), "it does not vote in etcd yet (learning)"],
    ["votes", voting, undefined],
  ])("of a node that %s", (_title, node, detail) => expect(notVoting(node)).toBe(detail));
});

describe("EtcdMember", () => {
  it("is made when the server votes, and says what it waited for where it does not", async () => {
    await expect(etcdMember.create(context, wanted)).resolves.toMatchObject({ id: "s2", state: { votes: true } });
    there = learning;
    await expect(etcdMember.create(context, wanted)).rejects.toThrow(
      /server s2 does not vote in etcd after \d+ s: it does not vote in etcd yet \(learning\)/,
    );
  });

  it.each<[string, () => Promise<NodeApi | undefined>]>([
    ["is over", () => Promise.resolve(api)],
    ["is cancelled", () => Promise.reject(new BoardError("cancelled", "root@server.example:22", "the run ends"))],
  ])("is known although its wait %s, so that it can be taken out, and is waited for again", async (_title, now) => {
    there = learning;
    cluster = now;
    const failure: unknown = await etcdMember.create(context, wanted).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialFailure);
    expect(failure).toMatchObject({ id: "s2", state: wanted });
    cluster = () => Promise.resolve(api);
    expect(await etcdMember.diff(wanted, wanted, () => false)).toMatchObject({ changed: ["votes"] });
    await expect(etcdMember.update(context, "s2", wanted, wanted)).rejects.toThrow(/s2 does not vote in etcd/);
    there = voting;
    const state = await etcdMember.update(context, "s2", wanted, wanted);
    expect(await etcdMember.diff(state, wanted, () => false)).toMatchObject({ changed: [], notes: [] });
  });

  it("is found out from its inputs where a create was killed", async () => {
    expect(await etcdMember.read(context, "s2", wanted)).toEqual({ state: { ...wanted, votes: true }, inputs: wanted });
    there = learning;
    expect(await etcdMember.read(context, "s2", wanted)).toEqual({ state: wanted, inputs: wanted });
    there = undefined;
    expect(await etcdMember.read(context, "s2", wanted)).toBeUndefined();
    cluster = () => Promise.resolve(undefined);
    expect(await etcdMember.read(context, "s2", wanted)).toEqual({ state: wanted, inputs: wanted });
    cluster = () => Promise.reject(new Error("connect ECONNREFUSED"));
    expect(await etcdMember.read(context, "s2", wanted)).toEqual({ state: wanted, inputs: wanted });
    expect(said).toEqual(["warning: whether server s2 votes in etcd is not known: connect ECONNREFUSED"]);
    // one that has voted is not asked for in each preview
    const voted = { ...wanted, votes: true };
    expect(await etcdMember.read(context, "s2", voted)).toEqual({ state: voted, inputs: wanted });
  });

  it("asks k3s to take the member out, and goes on when k3s says that it has", async () => {
    answer = member({ "etcd.k3s.cattle.io/remove": "true", "etcd.k3s.cattle.io/removed-node-name": "s2-1a2b3c4d" });
    await etcdMember.delete(context, "s2", wanted);
    const asked = { "etcd.k3s.cattle.io/remove": "true", "etcd.k3s.cattle.io/removed-node-name": null };
    expect(patches).toEqual([{ metadata: { annotations: asked } }]);
    expect(said).toEqual(["info: server s2 is no member of etcd any more"]);
  });

  it("does not take the name of an earlier member of the node for the one that leaves", async () => {
    answer = member({ "etcd.k3s.cattle.io/remove": "true", "etcd.k3s.cattle.io/removed-node-name": "s2-0f0f0f0f" });
    await expect(etcdMember.delete(context, "s2", wanted)).rejects.toThrow(/s2 is still a member of etcd/);
  });

  it.each([
    [
      "does nothing",
      member({ "etcd.k3s.cattle.io/remove": "true" }),
      /s2 is still a member of etcd after \d+ s: it is still/,
    ],
    ["refuses", voting, /k3s has taken the request back: etcd refuses to lose this member/],
  ])("does not let the server stop where k3s %s", async (_title, node, message) => {
    answer = node;
    await expect(etcdMember.delete(context, "s2", wanted)).rejects.toThrow(message);
  });

  it("has nothing to do for a server that is no member, and does not hold up the end of a cluster that does not answer", async () => {
    there = member({});
    await etcdMember.delete(context, "s2", wanted);
    there = undefined;
    await etcdMember.delete(context, "s2", wanted);
    cluster = () => Promise.resolve(undefined);
    await etcdMember.delete(context, "s2", wanted);
    expect(said).toEqual([]);
    cluster = () => Promise.reject(new Error("connect ECONNREFUSED"));
    await etcdMember.delete(context, "s2", wanted);
    expect(said).toEqual([expect.stringMatching(/^warning: server s2 stays a member of etcd.*ECONNREFUSED/)]);
    expect(patches).toEqual([]);
  });
});
