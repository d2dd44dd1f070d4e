import { join } from "node:path";
import type { V1PodList } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { expectNoChanges } from "../stack/expect-no-changes";
import { type BoardSections, boardSections, TestProject } from "../stack/project";

const name = "deliveries-test";
const hello = "docker.io/k3s-board/hello:1.0";

/** Each way of bringing images to a board, one after the other on one cluster: every change of it restarts k3s, which takes minutes. */
describe.sequential("images come to a board", () => {
  let board: EmulatedBoard;
  let project: TestProject;
  let sections: BoardSections;
  let before: BoardListing;

  /** A pod of the user's workload started anew, from whatever its image name means now. */
  async function restartHello(): Promise<void> {
    const pods = async () => {
      const list = JSON.parse(await onBoard(board, "k3s kubectl get pods -l app=hello -o json")) as V1PodList;
      return list.items.map(({ metadata, status }) => ({
        uid: metadata?.uid,
        ready: status?.containerStatuses?.every(({ ready }) => ready) === true,
      }));
    };
    const old = (await pods()).map(({ uid }) => uid);
    await onBoard(board, "k3s kubectl delete pod -l app=hello --wait=false");
    // the deployment calls itself available until its controller has seen that the pod is going
    const anew = async () => (await pods()).filter(({ uid, ready }) => ready && !old.includes(uid)).length;
    await expect.poll(anew, { timeout: 600_000, interval: 5000 }).toBe(1);
  }

  /** Brings the board up with another delivery; its gate has seen every system pod Ready and the cluster DNS answer. */
  async function deliver(delivery: string): Promise<void> {
    project.configure({ ...sections, delivery });
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    await expectNoChanges(project);
  }

  beforeAll(async () => {
    await downBoard(name);
    board = await upBoard({ name, architecture: "riscv64" }, terminalProgress());
    before = await listBoard((script) => onBoard(board, script));
    project = new TestProject();
    const given = boardSections(board);
    sections = {
      ...given,
      k3s: { ...given.k3s, coredns: "custom", disable: ["traefik", "servicelb"] },
      manifests: { ...given.manifests, storage: { file: join(__dirname, "manifests/storage.yaml") } },
    };
  });

  afterAll(async () => {
    project?.dispose();
    await downBoard(name);
  });

  it("through a mirror of docker.io, with CoreDNS by a manifest of ours", async () => {
    await deliver("mirror");
    expect(await onBoard(board, "cat /etc/rancher/k3s/registries.yaml")).toContain("docker.io");
    const manifests = await onBoard(board, "ls /var/lib/rancher/k3s/server/manifests");
    expect(manifests).toMatch(/custom-coredns\.yaml/);
    expect(manifests).not.toMatch(/^coredns\.yaml/m);
    await restartHello();
  });

  it("and serve metrics and volumes, every program in them for the board", async () => {
    expect(await onBoard(board, "k3s kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes")).toMatch(/"cpu":"\d+/);
    expect(await onBoard(board, "k3s kubectl get pvc notes -o jsonpath='{.status.phase}'")).toBe("Bound");
    expect(await onBoard(board, "cat /var/lib/rancher/k3s/storage/*_default_notes/file")).toMatch(/^written/);
    const audit = await project.run("audit", "--json");
    expect(audit.code, audit.text).toBe(0);
  });

  it("pulled and named anew, and named again where a name was removed by hand", async () => {
    await deliver("retag");
    expect(await onBoard(board, "cat /etc/rancher/k3s/registries.yaml")).not.toContain("docker.io");
    await onBoard(board, `k3s ctr -n k8s.io images rm ${hello}`);
    const preview = await project.run("preview", "--expect-no-changes");
    expect(preview.code, preview.text).toBe(7);
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary.restarts).toEqual([]);
    expect(await onBoard(board, "k3s ctr -n k8s.io images ls")).toMatch(
      new RegExp(`^${hello} .*io\\.cri-containerd\\.pinned=pinned`, "m"),
    );
    await restartHello();
  });

  it("as archives, without a registry", async () => {
    await deliver("airgap");
    expect(await onBoard(board, "ls /var/lib/rancher/k3s/agent/images")).toMatch(/k3s-board-coredns\.tar\.zst/);
    expect(await onBoard(board, "systemctl list-units --all --plain --no-legend 'k3s-board-registry*'")).toBe("");
    await onBoard(board, `k3s ctr -n k8s.io images rm ${hello}`);
    const mended = await project.run("up");
    expect(mended.code, mended.text).toBe(0);
    await restartHello();
  });

  it("from the private registry as k3s's own default", async () => {
    await deliver("system-default-registry");
    const images = await onBoard(
      board,
      "k3s kubectl get deployments -n kube-system -o jsonpath='{.items[*].spec.template.spec.containers[*].image}'",
    );
    expect(images).toContain("127.0.0.1:5000/rancher/mirrored-metrics-server:");
    expect(images).not.toMatch(/(^| )rancher\//);
    expect(await project.nodes()).toEqual(["True"]);
  });

  it("not at all once the stack is gone: with purge, the board is as it was", async () => {
    await onBoard(board, "rm -rf /root/.kube");
    const run = await project.run("destroy", "--purge");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before, await listBoard((script) => onBoard(board, script)))).toEqual([]);
  });
});
