import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences, listKind } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { expectNoChanges } from "../stack/expect-no-changes";
import { killTree } from "../stack/kill-tree";
import { boardSections, type Sections, TestProject } from "../stack/project";
import { architecture, buildForKubeadm, version } from "./builds";

const name = "kubeadm-test";

/**
 * An `up` pushes, pulls and unpacks the images of a control plane and starts it: on a machine whose processors are shared it may take five times
 * as long as on one with its own.
 */
const commandMinutes = 90;

/** One cluster serves all tests here, in this order: bringing one up takes minutes. */
describe.sequential("a kubeadm stack on the emulated board", { timeout: (2 * commandMinutes + 10) * 60_000 }, () => {
  let board: EmulatedBoard;
  let project: TestProject;
  let before: BoardListing;

  function sections(kubeadm: Sections = {}): Sections {
    const given = boardSections(board).board;
    return {
      board: {
        ...given,
        prerequisites: {
          kernelModules: ["overlay", "br_netfilter"],
          sysctls: {
            "net.ipv4.ip_forward": 1,
            "net.bridge.bridge-nf-call-iptables": 1,
          },
        },
      },
      kubeadm: {
        version,
        kubeconfigServer: `https://127.0.0.1:${board.apiPort}`,
        startTimeoutSeconds: 2400,
        readyTimeoutSeconds: 2400,
        ...kubeadm,
      },
    };
  }

  const kubectl = (command: string) =>
    onBoard(board, `kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir /tmp/kubectl ${command}`);

  beforeAll(async () => {
    await downBoard(name);
    await buildForKubeadm(architecture, terminalProgress());
    board = await upBoard({ name, architecture, k3s: false }, terminalProgress());
    project = new TestProject(undefined, commandMinutes);
    before = await listBoard((script) => onBoard(board, script));
  });

  afterAll(async () => {
    project?.dispose();
    await downBoard(name);
  });

  it("refuses what cannot be, all in one error, and touches nothing", async () => {
    project.configure({
      ...sections({ version: "v1.9.2", podSubnet: "10.96.0.0/16" }),
      k3s: boardSections(board).k3s,
    });
    const run = await project.run("up");
    expect(run.code, run.text).toBe(2);
    expect(run.text).toMatch(/kubeadm\.version: Kubernetes v1\.9\.2 is not supported/);
    expect(run.text).toMatch(/kubeadm: the stack has k3s already/);
    expect(await listKind((script) => onBoard(board, script), "files")).toEqual(before.files);
  });

  it("converges after an up that was killed during init", async () => {
    project.configure(sections());
    const { child, finished } = project.start("up", "--stack", "test", "--yes");
    let early: string | undefined;
    void finished.then(({ text }) => (early = text));
    while ((await onBoard(board, "ls /etc/kubernetes/pki/ca.crt 2>/dev/null || true")) === "") {
      expect(early, "up ended before its init").toBeUndefined();
      await sleep(1000);
    }
    killTree(child.pid!);
    await finished;
    const run = await project.run("up");
    // the gate at the end has asked the cluster's DNS for kubernetes.default
    expect(run.code, run.text).toBe(0);
    const { stdout } = await project.run("kubeconfig", "--file", "-");
    const config = new KubeConfig();
    config.loadFromString(stdout);
    const { items } = await config.makeApiClient(CoreV1Api).listNode();
    expect(items.map(({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.status)).toEqual([
      "True",
    ]);
    expect(items[0]?.spec?.taints ?? []).toEqual([]);
    expect(items[0]?.status?.nodeInfo).toMatchObject({ architecture, kubeletVersion: version });
  });

  it("runs what kubeadm asks for, from the private registry", async () => {
    const asked = await onBoard(board, "kubeadm config images list --config /etc/kubernetes/kubeadm.yaml 2>/dev/null");
    const pods = await kubectl("get pods -n kube-system -o jsonpath='{.items[*].spec.containers[*].image}'");
    expect(new Set(pods.split(" "))).toEqual(new Set(asked.split("\n").filter((image) => !image.includes("/pause:"))));
    expect(asked).toContain("127.0.0.1:5000/pause:3.10.2");
    for (const image of asked.split("\n")) expect(image).toMatch(/^127\.0\.0\.1:5000\//);
    const audit = await project.run("audit", "--json");
    expect(audit.code, audit.text).toBe(0);
  });

  it("keeps the administrator's key out of state and output", async () => {
    const key = /client-key-data: (\S{40})/.exec((await project.run("kubeconfig", "--file", "-")).stdout)?.[1];
    expect(key).toBeDefined();
    expect(project.state()).not.toContain(key);
    expect((await project.run("preview", "--verbose")).text).not.toContain(key);
  });

  it("changes nothing the second time", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary).toMatchObject({ changes: false, restarts: [] });
    expect(run.report).toMatchObject({ imagesBuilt: 0, bytesPushed: 0 });
  });

  it("shows a static pod and kubelet's flags that were changed by hand, and mends both", async () => {
    await onBoard(
      board,
      "sed -i 's/- --leader-elect=true/- --leader-elect=false/' /etc/kubernetes/manifests/kube-scheduler.yaml",
    );
    await onBoard(board, "sed -i 's/KUBELET_KUBEADM_ARGS=\"/&--v=4 /' /var/lib/kubelet/kubeadm-flags.env");
    const preview = await project.run("preview");
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toMatch(/- {5}- --leader-elect=false/);
    expect(preview.text).toMatch(/the static pod kube-scheduler restarts/);
    expect(preview.report.summary.restarts).toEqual(["kubelet.service"]);
    const up = await project.run("up");
    expect(up.code, up.text).toBe(0);
    expect(await onBoard(board, "grep -c leader-elect=true /etc/kubernetes/manifests/kube-scheduler.yaml")).toBe("1");
    expect(await onBoard(board, "cat /var/lib/kubelet/kubeadm-flags.env")).not.toContain("--v=4");
    await expectNoChanges(project);
  });

  it("gives the board back", async () => {
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before, await listBoard((script) => onBoard(board, script)))).toEqual([]);
  });
});
