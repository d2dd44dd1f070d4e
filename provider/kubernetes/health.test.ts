import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { BoardError, type Trouble } from "../ssh/board-error";
import { deploymentHealth, isRecord, kubernetesHealth, nodeHealth, podHealth, unappliedManifests } from "./health";

function pod(status: V1Pod["status"]): V1Pod {
  return { metadata: { name: "p", namespace: "kube-system" }, ...(status === undefined ? {} : { status }) };
}

const condition = (type: string, status: string, message?: string) => ({
  type,
  status,
  ...(message === undefined ? {} : { message }),
});
const waiting = (reason: string, message: string) => ({
  name: "c",
  image: "i",
  imageID: "",
  ready: false,
  restartCount: 0,
  state: { waiting: { reason, message } },
});

describe("podHealth", () => {
  it.each<[string, V1Pod, boolean, string]>([
    ["Ready", pod({ conditions: [condition("Ready", "True")] }), true, "Ready"],
    ["a finished job's", pod({ phase: "Succeeded" }), true, "Completed"],
    [
      "without an image",
      pod({ phase: "Pending", containerStatuses: [waiting("ErrImagePull", "no such host")] }),
      false,
      "c: ErrImagePull (no such host)",
    ],
    [
      "unscheduled",
      pod({ phase: "Pending", conditions: [condition("PodScheduled", "False", "0/1 nodes")] }),
      false,
      "0/1 nodes",
    ],
    ["running", pod({ phase: "Running" }), false, "Running, not Ready"],
    ["new", pod(undefined), false, "no status yet"],
  ])("%s", (_title, subject, ready, text) => {
    const health = podHealth(subject);
    expect(health.ready).toBe(ready);
    expect(health.detail).toContain(text);
  });
});

it.each([
  ["Failed", "ReplicaSet", true],
  ["Failed", "Job", false],
  ["Failed", undefined, false],
  ["Pending", "ReplicaSet", false],
])("a pod that is %s, of a %s, is a record: %s", (phase, kind, expected) => {
  const owner = { apiVersion: "apps/v1", name: "o", uid: "u" };
  const one = pod({ phase, reason: "Evicted" });
  const owned =
    kind === undefined ? one : { ...one, metadata: { ...one.metadata, ownerReferences: [{ ...owner, kind }] } };
  expect(isRecord(owned)).toBe(expected);
});

describe("nodeHealth and deploymentHealth", () => {
  it("say why not", () => {
    const node = {
      metadata: { name: "n" },
      status: { conditions: [condition("Ready", "False", "cni plugin not initialized")] },
    };
    expect(nodeHealth(node as never)).toEqual({
      ready: false,
      detail: "node n: NotReady (cni plugin not initialized)",
    });
    expect(deploymentHealth("a/b", undefined).detail).toContain("not there yet");
  });

  it("take a node that lacks its network only, where that comes later", () => {
    const lacks = (message: string) =>
      ({ metadata: { name: "n" }, status: { conditions: [condition("Ready", "False", message)] } }) as never;
    const network =
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";
    expect(nodeHealth(lacks(network)).ready).toBe(false);
    expect(nodeHealth(lacks(network), true)).toEqual({ ready: true, detail: "node n: Ready but for its network" });
    expect(nodeHealth(lacks(`[${network}, container runtime is down]`), true).ready).toBe(false);
    expect(nodeHealth(lacks("PLEG is not healthy"), true).ready).toBe(false);
  });

  it("wait for the newest generation", () => {
    const deployment: V1Deployment = {
      metadata: { generation: 2 },
      spec: { replicas: 1, selector: {}, template: {} },
      status: { observedGeneration: 1, availableReplicas: 1, updatedReplicas: 1 },
    };
    expect(deploymentHealth("a/b", deployment).ready).toBe(false);
    expect(
      deploymentHealth("a/b", { ...deployment, status: { ...deployment.status, observedGeneration: 2 } }).ready,
    ).toBe(true);
  });
});

describe("deployments of a manifest that k3s has not applied yet", () => {
  const asking = (image: string): V1Deployment => ({
    metadata: { generation: 1 },
    spec: { selector: {}, template: { spec: { containers: [{ name: "c", image }] } } },
    status: { observedGeneration: 1, availableReplicas: 1, updatedReplicas: 1 },
  });
  it.each([
    ["rancher/mirrored-coredns-coredns:1", "docker.io/rancher/mirrored-coredns-coredns:1", true],
    ["docker.io/library/busybox:1", "busybox:1", true],
    ["rancher/mirrored-coredns-coredns:1", "127.0.0.1:5000/rancher/mirrored-coredns-coredns:1", false],
    ["rancher/mirrored-coredns-coredns:1", "docker.io/rancher/mirrored-coredns-coredns:2", false],
  ])("that asks for %s, where %s is wanted", (there, wanted, ready) => {
    expect(deploymentHealth("a/b", asking(there), wanted).ready).toBe(ready);
    expect(deploymentHealth("a/b", asking(there)).ready).toBe(true);
  });
});

describe("unappliedManifests", () => {
  it("names those that k3s has no addon for, or one of another content", () => {
    const addons = [
      { metadata: { name: "custom-a" }, spec: { checksum: "1" } },
      { metadata: { name: "custom-b" }, spec: { checksum: "2" } },
      { metadata: { name: "coredns" }, spec: {} },
    ];
    expect(unappliedManifests(addons, { "custom-a": "1", "custom-b": "3", "custom-c": "4" })).toEqual([
      "custom-b",
      "custom-c",
    ]);
    expect(unappliedManifests(addons, {})).toEqual([]);
  });
});

describe("kubernetesHealth", () => {
  const failing = (trouble: Trouble) =>
    ({ file: () => Promise.reject(new BoardError(trouble, "board", "no answer")) }) as unknown as Board;

  it("takes a board that does not answer for an answer", async () => {
    expect(await kubernetesHealth(failing("broken"), "/k")).toMatchObject({ ready: false });
  });

  it("does not go on where the run was cancelled", async () => {
    await expect(kubernetesHealth(failing("cancelled"), "/k")).rejects.toThrow("no answer");
  });
});
