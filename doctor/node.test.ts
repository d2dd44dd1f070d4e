import { describe, expect, it } from "vitest";
import { diagnose } from "./diagnose";
import type { Facts } from "./facts";
import { healthy, podOf, unitOf, waitingPod } from "./fixtures/healthy";
import { ownNode } from "./node";
import { shownImages } from "./page/images";
import { twoViews } from "./pods";

const base = healthy();
const [node] = base.nodes ?? [];
const agentPod = podOf({ name: "web-x", node: "two", image: "a/web:1" });

/** A cluster of two, of which the server is asked. */
function cluster(changes: Partial<Facts> = {}, own = "board"): Facts {
  const nodes = [own, "two"].map((name) => ({ ...node!, name }));
  return { ...base, nodes, pods: [podOf({ node: own }), agentPod], ...changes };
}

describe("ownNode", () => {
  const hostname = (name: string) => ({ host: { ...base.host!, hostname: name } });

  it("is the host's name, in lower case", () => {
    expect(ownNode(cluster())).toBe("board");
    expect(ownNode(cluster(hostname("Board")))).toBe("board");
  });
  it("is what k3s was told", () => {
    const units = [unitOf({ command: ["/usr/local/bin/k3s", "server", "--node-name=one"] })];
    expect(ownNode(cluster({ units, ...hostname("two") }, "one"))).toBe("one");
  });
  it("is that of the pods in the runtime, where the name is another", () => {
    expect(ownNode(cluster(hostname("raspberrypi"), "one"))).toBe("one");
    expect(ownNode(cluster({ ...hostname("raspberrypi"), sandboxes: [] }, "one"))).toBeUndefined();
  });
  it("is the only one there is", () => {
    expect(ownNode({ ...base, ...hostname("raspberrypi"), sandboxes: [] })).toBe("board");
  });
});

describe("the pods of another node", () => {
  it("are not in the table, and what they ask for is not missed on this board", () => {
    expect(twoViews(cluster()).map(({ pod }) => pod)).toEqual(["kube-system/coredns-54996dc9b4-h4fw8"]);
    expect(shownImages(cluster(), []).map(({ state }) => state)).toEqual(["fits", "fits"]);
  });
  it("leave those of this board in the table, whatever its node is called", () => {
    const facts = cluster({ host: { ...base.host!, hostname: "raspberrypi" } }, "one");
    expect(twoViews(facts).map(({ meaning }) => meaning)).toEqual([""]);
  });
});

describe("what is wrong on one node is no cause on another", () => {
  const notReady = (name: string) => ({
    ...node!,
    name,
    conditions: [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "kubelet stopped posting" }],
  });
  const crashing = waitingPod("CrashLoopBackOff", "back-off restarting failed container", { name: "own-x" });
  const told = (facts: Facts) => diagnose(facts).map(({ id, node }) => `${id} ${node}`);

  it("a node that is away, and a pod here", () => {
    const away = { nodes: [node!, notReady("two")], pods: [crashing, { ...agentPod, ready: false }] };
    expect(told(cluster(away))).toEqual(["node-not-ready two", "pod-not-ready board"]);
    const here = { ...away, nodes: [notReady("board"), { ...node!, name: "two" }] };
    expect(told(cluster(here))).toEqual(["node-not-ready board", "pod-not-ready two"]);
  });
  it("this board's full disk, and a node that is away", () => {
    const storage = { ...base.storage!, disks: [{ mount: "/", usedPercent: 100, availableBytes: 0 }] };
    expect(told(cluster({ storage, nodes: [node!, notReady("two")] }))).toEqual([
      "disk-full board",
      "node-not-ready two",
    ]);
    expect(told(cluster({ storage, nodes: [notReady("board"), notReady("two")] }))).toEqual([
      "disk-full board",
      "node-not-ready two",
    ]);
  });
  it("one that two nodes have is told once, and is a cause on both", () => {
    const pods = ["board", "two"].map((own) =>
      waitingPod(
        "ErrImagePull",
        'failed to do request: Head "https://r.lan/v2/a/manifests/1": dial tcp: lookup r.lan: no such host',
        {
          name: own,
          node: own,
          image: "r.lan/a:1",
        },
      ),
    );
    expect(told(cluster({ pods }))).toEqual(["registry-unresolved undefined"]);
  });
});

describe("a cluster of two architectures", () => {
  const nodes = [node!, { ...node!, name: "two", architecture: "arm64" }];
  const sentences = (facts: Facts) => diagnose(facts).map(({ sentence }) => sentence);

  it("an image that the other node lacks is told with that node's platform", () => {
    const pods = [
      waitingPod("ErrImagePull", "no match for platform in manifest", { node: "two", image: "docker.io/a/b:1" }),
    ];
    expect(sentences(cluster({ nodes, pods }))).toEqual(["docker.io/a/b:1 has no image for linux/arm64"]);
  });
  it("an image of this board says nothing of the other's", () => {
    const pods = [waitingPod("CreateContainerError", "no space", { node: "two", image: "a/b:1" })];
    const images = [{ name: "docker.io/a/b:1", digest: "sha256:1", pinned: false, platforms: ["linux/amd64"] }];
    expect(diagnose(cluster({ nodes, pods, images })).map(({ id }) => id)).toEqual(["pod-not-ready"]);
  });
  it("a pause image that the other node lacks is told with that node's platform", () => {
    const [pod] = [waitingPod("ContainerCreating", "", { node: "two" })];
    const { namespace, name } = pod;
    const event = { kind: "Pod", namespace, name, type: "Warning", reason: "FailedCreatePodSandBox", count: 1, at: 0 };
    const events = [{ ...event, message: "failed to get sandbox image: no match for platform in manifest" }];
    expect(sentences(cluster({ nodes, pods: [pod], events }))).toEqual([
      "docker.io/rancher/mirrored-pause:3.10.2 has no image for linux/arm64",
    ]);
  });
});
