import type { V1Node } from "@kubernetes/client-node";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { marksNotes, marksOf, marksPatch, type NodeMarks, parseTaint, taintText } from "./node-marks";

const none: NodeMarks = { labels: {}, taints: [] };

const key = fc.constantFrom("a", "b", "example.org/c");
const marks: fc.Arbitrary<NodeMarks> = fc.record({
  labels: fc.dictionary(key, fc.constantFrom("", "1", "2")),
  taints: fc
    .uniqueArray(fc.tuple(key, fc.constantFrom("NoSchedule", "NoExecute")), { selector: (slot) => slot.join(":") })
    .chain((slots) =>
      fc.tuple(...slots.map(([name, effect]) => fc.constantFrom(`${name}:${effect}`, `${name}=1:${effect}`))),
    ),
});

/** Merges a patch as the API server does for what the patches here have: labels key by key, lists as a whole. */
function merged(node: V1Node, patch: object | undefined): V1Node {
  const { metadata, spec } = (patch ?? {}) as {
    metadata?: { labels?: Record<string, string | null> };
    spec?: { taints?: { key: string; effect: string }[] };
  };
  const labels = Object.entries({ ...node.metadata?.labels, ...metadata?.labels }).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  );
  return {
    metadata: { ...node.metadata, labels: Object.fromEntries(labels) },
    spec: { taints: spec?.taints ?? node.spec?.taints ?? [] },
  };
}

const nodeWith = ({ labels, taints }: NodeMarks): V1Node => ({
  metadata: { resourceVersion: "7", labels: { ...labels } },
  spec: { taints: taints.map(parseTaint) },
});

describe("marksPatch", () => {
  it("gives a node what is wanted, takes away what was ours, and leaves what is others'", () => {
    fc.assert(
      fc.property(marks, marks, (before, wanted) => {
        const foreign = { labels: { "kubernetes.io/os": "linux" }, taints: ["node.kubernetes.io/not-ready:NoExecute"] };
        const node = nodeWith({
          labels: { ...foreign.labels, ...before.labels },
          taints: [...foreign.taints, ...before.taints],
        });
        const after = merged(node, marksPatch(node, before, wanted));
        expect(after.metadata?.labels).toEqual({ ...foreign.labels, ...wanted.labels });
        expect((after.spec?.taints ?? []).map(taintText).sort()).toEqual([...foreign.taints, ...wanted.taints].sort());
        expect(marksPatch(after, wanted, wanted)).toBeUndefined();
        expect(marksOf(after, wanted)).toEqual(wanted);
      }),
    );
  });

  it("holds for the node as it was looked at where it writes the list of taints, and for any where it does not", () => {
    const node = nodeWith(none);
    expect(marksPatch(node, none, { labels: {}, taints: ["a:NoSchedule"] })).toMatchObject({
      metadata: { resourceVersion: "7" },
    });
    expect(marksPatch(node, none, { labels: { a: "1" }, taints: [] })).toEqual({ metadata: { labels: { a: "1" } } });
  });
});

it("a taint's text is that of kubectl", () => {
  expect(parseTaint("example.org/gpu=yes:NoExecute")).toEqual({
    key: "example.org/gpu",
    value: "yes",
    effect: "NoExecute",
  });
  expect(parseTaint("gpu:NoSchedule")).toEqual({ key: "gpu", effect: "NoSchedule" });
});

it("marksNotes says what comes, changes and goes", () => {
  const before = { labels: { a: "1", b: "1" }, taints: ["x:NoSchedule"] };
  const wanted = { labels: { a: "2", c: "3" }, taints: ["y=1:NoExecute"] };
  expect(marksNotes("w1", before, wanted)).toEqual([
    "node w1 gets the label a=2 in place of a=1",
    "node w1 gets the label c=3",
    "node w1 loses the label b",
    "node w1 gets the taint y=1:NoExecute",
    "node w1 loses the taint x:NoSchedule",
  ]);
});
