import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoards } from "../../emulator/board";
import { joinPaths } from "../../provider/kubeadm/join-files";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences, listKind } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { expectNoChanges } from "../stack/expect-no-changes";
import { killTree } from "../stack/kill-tree";
import { boardSections, type Sections, TestProject } from "../stack/project";
import { architecture, buildForKubeadm, version } from "./builds";

const names = ["kubeadm-control", "kubeadm-worker"] as const;

/** Two boards share the machine: each command may take twice as long as with one. */
const commandMinutes = 180;

const flannel = { cni: { kind: "flannel" } };

const manifests = readFileSync(join(__dirname, "manifests/everywhere.yaml"), "utf8");

const listings = (board: EmulatedBoard) => listBoard((script) => onBoard(board, script));

/** One cluster serves all tests here, in this order. */
describe.sequential("a kubeadm stack with a worker", { timeout: (2 * commandMinutes + 10) * 60_000 }, () => {
  let control: EmulatedBoard;
  let worker: EmulatedBoard;
  let project: TestProject;
  let before: Record<"control" | "worker", BoardListing>;

  const prerequisites = {
    kernelModules: ["overlay", "br_netfilter", "vxlan"],
    sysctls: { "net.ipv4.ip_forward": 1, "net.bridge.bridge-nf-call-iptables": 1 },
  };

  function sections(agents: Record<string, Sections>, kubeadm: Sections = {}): Sections {
    const { board, images } = boardSections(control);
    return {
      board: { ...board, prerequisites },
      images,
      kubeadm: {
        version,
        ...flannel,
        nodeAddress: control.neighbourAddress,
        kubeconfigServer: `https://127.0.0.1:${control.apiPort}`,
        startTimeoutSeconds: 2400,
        readyTimeoutSeconds: 2400,
        ...kubeadm,
      },
      agents,
    };
  }

  const one = (more: Sections = {}): Sections => ({
    ...boardSections(worker).board,
    prerequisites,
    nodeAddress: worker.neighbourAddress,
    labels: { "test.example/part": "worker" },
    drainTimeoutSeconds: 300,
    ...more,
  });

  const kubectl = (command: string) =>
    onBoard(control, `kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /tmp/kubectl ${command}`);
  const nodes = async () =>
    (await kubectl("get nodes --no-headers -o custom-columns=:metadata.name,:status.conditions[-1].status"))
      .split("\n")
      .map((line) => line.trim().replace(/\s+/g, " "))
      .sort();
  /** Tokens by which a worker of ours could join. */
  const tokens = async () => {
    const descriptions = await kubectl(
      "get secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token -o jsonpath='{.items[*].data.description}'",
    );
    return descriptions
      .split(" ")
      .map((text) => Buffer.from(text, "base64").toString("utf8"))
      .filter((text) => text.startsWith("k3s-board"));
  };

  beforeAll(async () => {
    for (const name of names) await downBoard(name);
    await buildForKubeadm(architecture, terminalProgress(), flannel);
    const boards = await upBoards(names, { architecture, k3s: false }, terminalProgress());
    [control, worker] = boards as [EmulatedBoard, EmulatedBoard];
    project = new TestProject(undefined, commandMinutes);
    before = { control: await listings(control), worker: await listings(worker) };
  });

  afterAll(async () => {
    project?.dispose();
    for (const name of names) await downBoard(name);
  });

  it("refuses a bridge, and boards that do not see each other, and touches nothing", async () => {
    project.configure(sections({ one: one() }, { cni: { kind: "bridge" } }));
    const bridge = await project.run("up");
    expect(bridge.text).toMatch(/kubeadm\.cni\.kind: bridge networks the pods of one node, and the cluster has 2/);
    project.configure(sections({ one: one({ nodeAddress: control.neighbourAddress }) }));
    const address = await project.run("up");
    expect(address.text).toMatch(/agents\.one\.nodeAddress: its board's address .* is that of the control plane too/);
    expect(await listKind((script) => onBoard(worker, script), "files")).toEqual(before.worker.files);
  });

  it("converges after an up that was killed while the worker joined", async () => {
    project.configure(sections({ one: one() }));
    const { child, finished } = project.start("up", "--stack", "test", "--yes");
    let early: string | undefined;
    void finished.then(({ text }) => (early = text));
    while ((await onBoard(worker, `ls ${joinPaths.bootstrap} 2>/dev/null || true`)) === "") {
      expect(early, "up ended before the join").toBeUndefined();
      await sleep(2000);
    }
    killTree(child.pid!);
    await finished;
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await nodes()).toEqual([`${names[0]} True`, "one True"]);
    expect(await kubectl("get node one -o jsonpath='{.metadata.labels.test\\.example/part}'")).toBe("worker");
  });

  it("networks pods across nodes", async () => {
    await onBoard(
      control,
      `kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /tmp/kubectl apply -f - <<'MANIFESTS'\n${manifests}MANIFESTS`,
    );
    await kubectl("rollout status --timeout=110s daemonset/everywhere");
    const pods = await kubectl(
      "get pods -l app=everywhere -o jsonpath='{range .items[*]}{.spec.nodeName} {.status.podIP}{\"\\n\"}{end}'",
    );
    const addresses = new Map(pods.split("\n").map((line) => line.split(" ") as [string, string]));
    expect([...addresses.keys()].sort()).toEqual([names[0], "one"]);
    const answer = (board: EmulatedBoard, node: string) =>
      onBoard(board, `curl -sf --max-time 20 http://${addresses.get(node) ?? ""}:8080/`);
    expect(await answer(control, "one")).toMatch(/hello from everywhere/);
    expect(await answer(worker, names[0])).toMatch(/hello from everywhere/);
  });

  it("leaves no token, in the cluster, on the board or in the state", async () => {
    expect(await tokens()).toEqual([]);
    expect(await onBoard(worker, `ls ${joinPaths.bootstrap} 2>/dev/null || true`)).toBe("");
    expect(await onBoard(worker, `stat -c %a ${joinPaths.kubeconfig}`)).toBe("600");
    expect(project.state()).not.toMatch(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/);
  });

  it("changes nothing the second time", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary).toMatchObject({ changes: false, restarts: [] });
    expect(run.report).toMatchObject({ imagesBuilt: 0, bytesPushed: 0 });
  });

  it("joins anew a worker whose certificate was taken away", async () => {
    await onBoard(worker, `rm ${joinPaths.certificate}`);
    const preview = await project.run("preview");
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toMatch(/node one joins: kubelet has no certificate yet/);
    const up = await project.run("up");
    expect(up.code, up.text).toBe(0);
    expect(await nodes()).toEqual([`${names[0]} True`, "one True"]);
    expect(await tokens()).toEqual([]);
    await expectNoChanges(project);
  });

  /** The node that the moving pod runs on. */
  async function movingOn(): Promise<string> {
    await kubectl("wait --for=condition=Available --timeout=110s deployment/moving");
    return kubectl(
      "get pods -l app=moving --field-selector=status.phase=Running -o jsonpath='{.items[*].spec.nodeName}'",
    );
  }

  it("takes the worker away: its pods move, its node is gone, its host is as it was", async () => {
    expect(await movingOn()).toBe("one");
    project.configure(sections({}));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.text).toMatch(/node one is drained/);
    expect(await nodes()).toEqual([`${names[0]} True`]);
    expect(await movingOn()).toBe(names[0]);
    expect(listingDifferences(before.worker, await listings(worker))).toEqual([]);
    await expectNoChanges(project);
  });

  it("gives the control plane's board back", async () => {
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before.control, await listings(control))).toEqual([]);
  });
});
