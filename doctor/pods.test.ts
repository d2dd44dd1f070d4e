import { describe, expect, it } from "vitest";
import { captured, healthy, podOf } from "./fixtures/healthy";
import { twoViews } from "./pods";

const rows = (name: string) =>
  twoViews(captured(name)).map(({ pod, kubectl, sandbox, containers, meaning }) => [
    pod.split("/")[1]?.split("-")[0],
    kubectl,
    sandbox,
    containers,
    meaning,
  ]);

describe("twoViews", () => {
  it("kubectl says ErrImagePull and crictl says Ready: both are right", () => {
    const meaning = "the sandbox is there and waits: the image of a container is missing";
    expect(rows("image-pull-backoff")).toEqual([
      ["coredns", "ErrImagePull", "Ready", "-", meaning],
      ["local", "ImagePullBackOff", "Ready", "-", meaning],
    ]);
  });
  it("sandboxes that die", () => {
    expect(rows("pause-image-manifest-lies")[0]).toEqual([
      "hello3",
      "RunContainerError",
      "NotReady (attempt 3)",
      "hello3 Exited",
      "its sandbox dies again and again: the pause image, or a restart of containerd",
    ]);
  });
  it("a pod that has no sandbox", () => {
    expect(rows("no-pause-image")[0]?.slice(0, 4)).toEqual(["hello2", "ContainerCreating", "-", "-"]);
  });
  it("a pod that was evicted and replaced", () => {
    const evicted = { ...podOf(), ready: false, phase: "Failed", owner: "ReplicaSet hello-5b6b", statuses: [] };
    const [row] = twoViews({ ...healthy(), pods: [evicted], sandboxes: [], containers: [] });
    expect(row?.meaning).toBe("stays as a record: another has taken its place");
  });
  it("says nothing of a difference where there is none", () => {
    expect(twoViews(healthy())).toEqual([
      {
        pod: "kube-system/coredns-54996dc9b4-h4fw8",
        kubectl: "Running",
        sandbox: "Ready",
        containers: "main Running",
        meaning: "",
      },
    ]);
  });
  it("shows the runtime's view alone where the API server is down, and what is left over where it is up", () => {
    expect(twoViews({ ...healthy(), pods: undefined })[0]).toMatchObject({
      kubectl: "-",
      sandbox: "Ready",
      containers: "main Running",
    });
    expect(twoViews({ ...healthy(), pods: [] })[0]?.meaning).toBe("left over: the API server has no such pod");
  });
});
