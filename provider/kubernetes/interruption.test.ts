import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { interruptionNotes } from "./interruption";

/** What the API server has. */
let nodes: V1Node[];
let pods: V1Pod[];
let asked: string[];
const client = {
  api: () => ({
    listNode: () => Promise.resolve({ items: nodes }),
    listPodForAllNamespaces: () => Promise.resolve({ items: pods }),
    listPodDisruptionBudgetForAllNamespaces: () => Promise.resolve({ items: [] }),
  }),
};
vi.mock("./client", () => ({
  clientFromBoard: (_board: unknown, path: string) => Promise.resolve((asked.push(path), client)),
  clientOf: (_board: unknown, _name: string, text: string) => Promise.resolve((asked.push(text), client)),
}));

let file: () => Promise<{ kind: string }>;
const board = { file: () => file() } as unknown as Board;
const kubeconfig = "/etc/rancher/k3s/k3s.yaml";
const node = (name: string): V1Node => ({ metadata: { name } });
const pod = (name: string, nodeName: string): V1Pod => ({
  metadata: { namespace: "default", name },
  spec: { nodeName, containers: [] },
});

beforeEach(() => {
  file = () => Promise.resolve({ kind: "file" });
  nodes = [node("board"), node("w1")];
  pods = [pod("web-1", "w1"), pod("db-0", "board")];
  asked = [];
});

describe("what an interruption means", () => {
  it("is told of a node by its name, from a board that has the kubeconfig or with its text", async () => {
    const told = ["1 pod runs on node w1 and stops, and starts again after the boot:\n  default/web-1"];
    expect(await interruptionNotes({ board, kubeconfig, name: "w1" }, "reboot")).toEqual(told);
    expect(await interruptionNotes({ board, kubeconfig: "apiVersion: v1", name: "w1" }, "reboot")).toEqual(told);
    expect(asked).toEqual([kubeconfig, "apiVersion: v1"]);
  });

  it("is not that of the one node there is, where a named one has not joined yet", async () => {
    nodes = [node("board")];
    expect(await interruptionNotes({ board, kubeconfig, name: "w1" }, "reboot")).toEqual([
      "the cluster has no node w1, and no pods run there",
    ]);
    expect(await interruptionNotes({ board, kubeconfig, names: ["LicheePi"] }, "restart")).toEqual([
      "1 pod runs on node board and stays running:\n  default/db-0",
    ]);
  });

  it("is nothing where Kubernetes is not there, and a note where nobody can be asked", async () => {
    file = () => Promise.resolve({ kind: "absent" });
    expect(await interruptionNotes({ board, kubeconfig, name: "w1" }, "reboot")).toEqual([]);
    file = () => Promise.reject(new BoardError("unreachable", "root@board.example:22", "nobody answers"));
    expect(await interruptionNotes({ board, kubeconfig, name: "w1" }, "reboot")).toEqual([
      expect.stringMatching(/^which pods run on the node is not known: .*nobody answers/),
    ]);
    file = () => Promise.reject(new BoardError("cancelled", "root@board.example:22", "the run ends"));
    await expect(interruptionNotes({ board, kubeconfig, name: "w1" }, "reboot")).rejects.toThrow("the run ends");
  });
});
