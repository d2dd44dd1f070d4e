import { describe, expect, it } from "vitest";
import type { Facts } from "./facts";
import { healthy, podOf, unitOf } from "./fixtures/healthy";
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
