import type { V1Node, V1Pod, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { nodeArgsNotes, podNotes } from "./on-node";

const pod = (
  namespace: string,
  name: string,
  labels: Record<string, string> = {},
  more: Partial<V1Pod> = {},
): V1Pod => ({
  metadata: { namespace, name, labels },
  spec: { nodeName: "board", containers: [] },
  status: { phase: "Running" },
  ...more,
});
const budget = (selector: object, disruptionsAllowed: number): V1PodDisruptionBudget =>
  ({
    metadata: { namespace: "default", name: "web" },
    spec: { selector },
    status: { disruptionsAllowed },
  }) as V1PodDisruptionBudget;

describe("pods on a node", () => {
  const pods = [
    pod("default", "web-1", { app: "web" }),
    pod("kube-system", "coredns-1", { app: "web" }),
    pod("default", "done", {}, { status: { phase: "Succeeded" } }),
    pod("default", "elsewhere", { app: "web" }, { spec: { nodeName: "other", containers: [] } }),
  ];

  it("are told with the budgets that cover them", () => {
    expect(
      podNotes("board", "restart", pods, [
        budget({ matchLabels: { app: "web" } }, 0),
        budget({ matchLabels: { app: "x" } }, 1),
      ]),
    ).toEqual([
      "2 pods run on node board and stay running:\n  default/web-1\n  kube-system/coredns-1",
      "PodDisruptionBudget default/web covers default/web-1 and allows 0 disruptions",
    ]);
    expect(podNotes("board", "reboot", [], [])).toEqual(["no pods run on node board"]);
  });

  it("are evicted before where the node is drained, but for those that a drain leaves", () => {
    const daemon = pod("kube-system", "svclb-1", {});
    daemon.metadata = {
      ...daemon.metadata,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "svclb", uid: "1", controller: true }],
    };
    expect(podNotes("board", "drained restart", [...pods, daemon], [])).toEqual([
      "2 pods run on node board and are evicted before:\n  default/web-1\n  kube-system/coredns-1",
      "1 pod runs on node board and stays running:\n  kube-system/svclb-1",
    ]);
  });

  it.each([
    [{ key: "app", operator: "In", values: ["web"] }, 1],
    [{ key: "app", operator: "NotIn", values: ["web"] }, 0],
    [{ key: "app", operator: "Exists" }, 1],
    [{ key: "app", operator: "DoesNotExist" }, 0],
  ])("are selected by expressions: %j", (expression, count) => {
    expect(
      podNotes(
        "board",
        "reboot",
        [pod("default", "web-1", { app: "web" })],
        [budget({ matchExpressions: [expression] }, 1)],
      ).slice(1),
    ).toHaveLength(count);
  });

  it("are cut where there are many", () => {
    const many = Array.from({ length: 25 }, (_, index) => pod("default", `p${String(index).padStart(2, "0")}`));
    const [note = ""] = podNotes("board", "reboot", many, []);
    expect(note.split("\n")).toHaveLength(22);
    expect(note).toContain("25 pods run on node board and stop, and start again after the boot:");
    expect(note).toMatch(/… 5 more$/);
  });
});

describe("arguments of a node", () => {
  /** As k3s v1.36 annotates it: the flags of its files first. */
  const node: V1Node = {
    metadata: {
      annotations: {
        "k3s.io/node-args":
          '["server","--write-kubeconfig-mode","0600","--token","********","--disable","coredns","--pause-image","a"]',
      },
    },
  };
  const k3s = "/usr/local/bin/k3s";
  it.each<[string, string[], string[]]>([
    ["the same", [k3s, "server", "--disable=coredns", "--pause-image=a"], []],
    ["no flags", [k3s, "server"], []],
    [
      "another value",
      [k3s, "server", "--disable=coredns", "--pause-image=b"],
      ["k3s runs with other values: it was started before its unit was as it is now"],
    ],
    [
      "another flag",
      [k3s, "server", "--debug", "--pause-image=a"],
      ["k3s runs without --debug: it was started before its unit was as it is now"],
    ],
  ])("are compared with the unit: %s", (_title, command, notes) => {
    expect(nodeArgsNotes(node, command)).toEqual(notes);
  });
  it("are nothing where no k3s has left them", () => expect(nodeArgsNotes({}, [k3s, "server"])).toEqual([]));
});
