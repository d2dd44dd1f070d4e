import type { V1Node } from "@kubernetes/client-node";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import type { Board } from "../ssh/board";
import { stateDirectory } from "../ssh/file-questions";
import { kubeadmJoin } from "./join";
import { joinPaths, tokenIn } from "./join-files";
import { kubeadmJoined } from "./joined";
import { administratorOf, Certificates, DirectoryBoard, MemoryCluster } from "./joining-board";
import { joinRecord } from "./phases";

vi.mock("../kubernetes/client", () => ({ clientFromBoard: () => Promise.resolve(cluster.client) }));

const certificates = new Certificates();
afterAll(() => certificates.dispose());

const server = "https://192.0.2.7:6443";
const at = (host: string) => ({ host, hostKeys: ["ssh-ed25519 AAAA"] });
const shared = {
  connection: at("w1.example"),
  cluster: { connection: at("board.example"), kubeconfig: "/etc/kubernetes/admin.conf" },
  server,
  node: "w1",
};
const kubeadm = "/opt/test/kubeadm";
const join = kubeadmJoin.inputs.parse({ ...shared, kubeadm, criSocket: "unix:///run/c.sock" });
const joined = kubeadmJoined.inputs.parse({ ...shared, attempt: "1", timeoutSeconds: 0.4 });

let board: DirectoryBoard;
let administrator: string;
let cluster: MemoryCluster;
/** Seconds that the control plane's clock is ahead of this machine's. */
let clockAhead: number;
const said: string[] = [];
const controlPlane = {
  label: "root@board.example:22",
  file: () =>
    Promise.resolve(administrator === "" ? { kind: "absent" } : { kind: "file", content: Buffer.from(administrator) }),
  run: () => Promise.resolve({ code: 0, stdout: `${Math.floor(Date.now() / 1000) + clockAhead}\n`, stderr: "" }),
};
const context = sampleContext({}, said, {
  board: ({ host }) => Promise.resolve((host === "w1.example" ? board : controlPlane) as unknown as Board),
});

beforeEach(() => {
  board = new DirectoryBoard();
  cluster = new MemoryCluster();
  clockAhead = 0;
  administrator = administratorOf(server, certificates.ca);
  said.length = 0;
});
afterEach(() => board.dispose());

const startKubelet = () => board.startKubelet(cluster, certificates, "w1");
const node = (ready: string): V1Node => ({
  metadata: { name: "w1" },
  status: { conditions: [{ type: "Ready", status: ready }] },
});
const failure = (work: Promise<unknown>) =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

/** A join to its end. */
async function joinToItsEnd() {
  const { state } = await kubeadmJoin.create(context, join);
  startKubelet();
  const end = await kubeadmJoined.create(context, joined);
  return { state, end: end.state };
}

describe("a join", () => {
  it("gives kubelet the cluster's CA and a token in a file that is root's, and no state has it", async () => {
    const { state } = await kubeadmJoin.create(context, join);
    expect(board.text(joinPaths.ca)).toBe(certificates.ca);
    expect([board.mode(joinPaths.ca), board.mode(joinPaths.bootstrap)]).toEqual(["644", "600"]);
    const token = tokenIn(board.text(joinPaths.bootstrap));
    const known = cluster.secrets.get(`bootstrap-token-${token?.id ?? ""}`)?.stringData;
    expect(known?.["token-secret"]).toBe(token?.secret);
    const minutes = (new Date(known?.expiration ?? 0).getTime() - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14);
    expect(minutes).toBeLessThanOrEqual(15);
    expect(JSON.stringify({ state, said })).not.toContain(token?.secret);
  });

  it("makes a token that is good by the clock of the control plane", async () => {
    clockAhead = 3000;
    await kubeadmJoin.create(context, join);
    const [secret] = [...cluster.secrets.values()];
    const seconds = (new Date(secret?.stringData?.expiration ?? 0).getTime() - Date.now()) / 1000;
    expect(Math.abs(seconds - 3900)).toBeLessThan(60);
  });

  it("ends with kubelet's certificate: token and bootstrap kubeconfig go, and nothing is left to do", async () => {
    const { state, end } = await joinToItsEnd();
    expect(cluster.secrets.size).toBe(0);
    expect(board.has(joinPaths.bootstrap)).toBe(false);
    const read = await kubeadmJoin.read(context, "w1", state);
    expect(await kubeadmJoin.diff(read!.state, join, () => false)).toMatchObject({ changed: [], notes: [] });
    const readEnd = await kubeadmJoined.read(context, "w1", end);
    expect(await kubeadmJoined.diff(readEnd!.state, joined, () => false)).toMatchObject({ changed: [] });
  });

  it("makes no token for a board that has joined already, of which the engine knows nothing", async () => {
    await joinToItsEnd();
    // the number is the board's: another one would restart kubelet for nothing
    const { state } = await kubeadmJoin.create(context, join);
    expect(state).toMatchObject({ attempt: "1", lacking: "" });
    expect(board.has(joinPaths.bootstrap)).toBe(false);
    await kubeadmJoined.create(context, joined);
    expect(cluster.secrets.size).toBe(0);
  });

  it("refuses what another init or join has left, and touches nothing", async () => {
    board.put("/etc/kubernetes/kubelet.conf", "another cluster's");
    expect(await failure(kubeadmJoin.create(context, join))).toMatch(/an earlier init or join, which is not this/);
    expect(cluster.secrets.size).toBe(0);
    expect(board.has(joinRecord)).toBe(false);
  });

  it("refuses the name of a node that is another board, but takes up one of which only the object is left", async () => {
    cluster.nodes = [node("True")];
    expect(await failure(kubeadmJoin.create(context, join))).toMatch(/has a node w1 that is Ready, and this board has/);
    expect(board.has(stateDirectory)).toBe(false);
    cluster.nodes = [node("Unknown")];
    await joinToItsEnd();
    // a run that was killed: the node is Ready, and the engine does not know of the join
    cluster.nodes = [node("True")];
    expect((await kubeadmJoin.create(context, join)).state.lacking).toBe("");
  });

  it("refuses a board that is another node of a stack: its end would be this one's too", async () => {
    await joinToItsEnd();
    expect(await failure(kubeadmJoin.create(context, { ...join, node: "w2" }))).toMatch(
      /the board is the node w1: take that one out of the configuration, run up, and only then add w2/,
    );
    expect(board.has(joinPaths.certificate)).toBe(true);
  });

  it("leaves kubelet what it is a node by until there is a token", async () => {
    const { state } = await joinToItsEnd();
    cluster.isUp = false;
    expect(await failure(kubeadmJoin.update(context, "w1", state, join))).toMatch(/ECONNREFUSED/);
    expect([board.has(joinPaths.certificate), board.has(joinPaths.kubeconfig)]).toEqual([true, true]);
  });

  it("that does not reach the cluster is begun again by the next run", async () => {
    cluster.isUp = false;
    cluster.nodes = [];
    expect(await failure(kubeadmJoin.create(context, join))).toMatch(
      /^root@w1\.example:22: node w1 cannot join: Kubernetes API: connect ECONNREFUSED/,
    );
    board.put(joinRecord, "0 w1\n");
    const error: unknown = await kubeadmJoin.create(context, join).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartialFailure);
    const { state } = error as PartialFailure & { state: Parameters<typeof kubeadmJoin.diff>[0] };
    expect(await kubeadmJoin.diff(state, join, () => false)).toMatchObject({ changed: ["lacking"] });
    cluster.isUp = true;
    expect(await kubeadmJoin.update(context, "w1", state, join)).toMatchObject({ attempt: "1", lacking: "" });
  });
});

describe("a join that was killed", () => {
  it("gets a token anew, and the one of before goes", async () => {
    const { state } = await kubeadmJoin.create(context, join);
    const before = [...cluster.secrets.keys()];
    const read = await kubeadmJoin.read(context, "w1", state);
    expect(await kubeadmJoin.diff(read!.state, join, () => false)).toMatchObject({
      changed: ["lacking"],
      notes: ["node w1 joins: kubelet has not asked for a certificate yet"],
    });
    const updated = await kubeadmJoin.update(context, "w1", read!.state, join);
    // kubelet reads it at its start: the number is what restarts it
    expect(updated.attempt).toBe("2");
    expect(cluster.secrets.size).toBe(1);
    expect([...cluster.secrets.keys()]).not.toEqual(before);
  });

  it("while kubelet asks with a token that has expired goes on with the same token", async () => {
    await kubeadmJoin.create(context, join);
    cluster.secrets.clear();
    startKubelet();
    expect(board.has(joinPaths.certificate)).toBe(false);
    const asksAgain = setTimeout(startKubelet, 500);
    await kubeadmJoined.create(context, { ...joined, timeoutSeconds: 60 });
    clearTimeout(asksAgain);
    expect(cluster.secrets.size).toBe(0);
    expect(board.has(joinPaths.bootstrap)).toBe(false);
  });

  it("says what kubelet lacks where it gets no certificate, and leaves what it joins with", async () => {
    await kubeadmJoin.create(context, join);
    cluster.secrets.clear();
    startKubelet();
    expect(await failure(kubeadmJoined.create(context, joined))).toMatch(
      /node w1 has not joined after \d s: kubelet has no certificate yet\. kubelet's journal says why/,
    );
    expect(board.has(joinPaths.bootstrap)).toBe(true);
  });

  it.each([
    ["half of kubelet.conf", () => board.put(joinPaths.kubeconfig, "apiVersion: v1\nclu"), /cannot be read/],
    ["another cluster under the same address", () => (administrator = otherAdministrator()), /is not the cluster's/],
    ["no cluster", () => (administrator = ""), /the cluster is made anew/],
    [
      "no object of its node, which kubelet makes at its start",
      () => (cluster.nodes = []),
      /the cluster has no node w1/,
    ],
  ])("and left %s joins anew", async (_title, breaks, note) => {
    const { state } = await joinToItsEnd();
    breaks();
    const read = await kubeadmJoin.read(context, "w1", state);
    const { changed, notes } = await kubeadmJoin.diff(read!.state, join, () => false);
    expect(changed).toEqual(["lacking"]);
    expect(notes?.join()).toMatch(note);
    administrator ||= administratorOf(server, certificates.ca);
    await kubeadmJoin.update(context, "w1", read!.state, join);
    // what it was a node by is gone: what comes now is of this join
    expect(board.has(joinPaths.kubeconfig)).toBe(false);
    startKubelet();
    await kubeadmJoined.update(context, "w1", { ...joined, pending: true }, { ...joined, attempt: "2" });
    expect((await kubeadmJoin.read(context, "w1", state))?.state.lacking).toBe("");
  });

  it("counts on where its board has a new disk: kubelet's end of the join would not be waited for else", async () => {
    const { state } = await joinToItsEnd();
    board.dispose();
    board = new DirectoryBoard();
    const read = await kubeadmJoin.read(context, "w1", { ...state, attempt: "3" });
    expect(await kubeadmJoin.update(context, "w1", read!.state, join)).toMatchObject({ attempt: "4" });
  });

  it("whose token is gone is waited for until the cluster knows its node: that is no lack of a token", async () => {
    await joinToItsEnd();
    cluster.nodes = [];
    const registers = setTimeout(() => cluster.register("w1"), 500);
    await kubeadmJoined.create(context, { ...joined, timeoutSeconds: 60 });
    clearTimeout(registers);
    expect(cluster.secrets.size).toBe(0);
  });

  it("is not waited for until it has a part of the network where the cluster gives none", async () => {
    await joinToItsEnd();
    cluster.nodes = [node("False")];
    expect(await failure(kubeadmJoined.create(context, joined))).toMatch(/gave node w1 no part of podSubnet yet/);
    expect(await failure(kubeadmJoined.create(context, { ...joined, getsPart: false }))).toBe("");
  });

  it("says that there is nothing to join with where the next run is to make it", async () => {
    expect(await failure(kubeadmJoined.create(context, joined))).toMatch(
      /node w1 has nothing to join with: kubelet has not asked for a certificate yet, and there is no .*bootstrap-kubelet\.conf\. The same command again/,
    );
  });
});

function otherAdministrator(): string {
  const others = new Certificates();
  const text = administratorOf(server, others.ca);
  others.dispose();
  return text;
}

describe("the end of a node", () => {
  beforeEach(() => board.put(kubeadm, `#!/bin/sh\necho "$*" >>${board.at("/calls")}\n`, 0o755));

  it("is kubeadm's reset, and leaves nothing of a join", async () => {
    const { state } = await joinToItsEnd();
    await kubeadmJoin.delete(context, "w1", state);
    expect(board.text("/calls")).toBe("reset --force --cri-socket unix:///run/c.sock\n");
    for (const path of [joinPaths.kubeconfig, joinPaths.ca, "/etc/kubernetes", stateDirectory])
      expect(board.has(path), path).toBe(false);
  });

  it("takes the token of a join that was not finished along, where the cluster answers", async () => {
    const { state } = await kubeadmJoin.create(context, join);
    cluster.isUp = false;
    await kubeadmJoin.delete(context, "w1", state);
    expect(said.join()).toMatch(/^warning: the token of a join that was not finished ends by itself: .*ECONNREFUSED/);
    cluster.isUp = true;
    const again = await kubeadmJoin.create(context, join);
    await kubeadmJoin.delete(context, "w1", again.state);
    // the one that nobody could take away has minutes to live
    expect(cluster.secrets.size).toBe(1);
    expect(board.has("/etc/kubernetes")).toBe(false);
  });
});
