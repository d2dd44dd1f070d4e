import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoards } from "../../emulator/board";
import { buildLauncher, launcherVersions } from "../../emulator/launcher-build";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { boardSections, type Sections, TestProject } from "../stack/project";

const names = ["servers-one", "servers-two"] as const;
const { "1.35": former, "1.36": newer } = launcherVersions;

const listings = (board: EmulatedBoard) => listBoard((script) => onBoard(board, script));

/** One cluster serves all tests here, in this order. Of two members of etcd neither may go without being taken out first. */
describe.sequential("two servers from one stack", () => {
  let one: EmulatedBoard;
  let two: EmulatedBoard;
  let project: TestProject;
  let before: Record<"one" | "two", BoardListing>;
  let version: string = former;
  const programs = new Map<string, string>();

  const network = (board: EmulatedBoard) => ({ "node-ip": board.neighbourAddress, "flannel-iface": "eth1" });

  function sections(servers: Record<string, Sections>, k3s: Sections = {}): Sections {
    const { manifests: _manifests, ...given } = boardSections(one);
    return {
      ...given,
      k3s: {
        ...given.k3s,
        version,
        source: { path: programs.get(version) },
        config: network(one),
        token: "first-token-of-the-test",
        startTimeoutSeconds: 900,
        ...k3s,
      },
      servers,
    };
  }

  const further = () => ({ two: { ...boardSections(two).board, config: network(two), drainTimeoutSeconds: 60 } });
  const kubectl = (board: EmulatedBoard, command: string) => onBoard(board, `k3s kubectl ${command}`);
  const members = (board: EmulatedBoard) =>
    onBoard(
      board,
      `curl -s --unix-socket /run/k3s/server/etcd.sock -d '{"linearizable":true}' http://etcd/v3/cluster/member/list | grep -o '"name":"[^"]*"' | sort`,
    );
  const serverToken = (board: EmulatedBoard) =>
    onBoard(
      board,
      "sed 's/.*://' /var/lib/rancher/k3s/server/token; sed 's/.*://' /var/lib/rancher/k3s/server/agent-token",
    );

  beforeAll(async () => {
    for (const name of names) await downBoard(name);
    programs.set(former, await buildLauncher("riscv64", terminalProgress(), "1.35"));
    programs.set(newer, await buildLauncher("riscv64", terminalProgress(), "1.36"));
    [one, two] = (await upBoards(names, { architecture: "riscv64" }, terminalProgress())) as [
      EmulatedBoard,
      EmulatedBoard,
    ];
    project = new TestProject();
    before = { one: await listings(one), two: await listings(two) };
  });

  afterAll(async () => {
    project?.dispose();
    for (const name of names) await downBoard(name);
  });

  it("makes both voting members of one etcd, and either answers for the cluster", async () => {
    project.configure(sections(further()));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.text).toMatch(/etcd needs 2 of 2 servers to work/);
    for (const board of [one, two])
      expect((await kubectl(board, "get nodes --no-headers -o custom-columns=:metadata.name")).split("\n")).toEqual([
        names[0],
        "two",
      ]);
    expect(await members(two)).toMatch(/^"name":"servers-one-[0-9a-f]{8}"\n"name":"two-[0-9a-f]{8}"$/);
    const voters = "-o jsonpath='{.items[*].status.conditions[?(@.type==\"EtcdIsVoter\")].status}'";
    expect(await kubectl(one, `get nodes ${voters}`)).toBe("True True");
    await kubectl(two, "create configmap written-on-two");
    expect(await kubectl(one, "get configmap written-on-two -o name")).toBe("configmap/written-on-two");
  });

  it("changes nothing the second time, and keeps the token out of arguments and readable files", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary).toMatchObject({ changes: false, restarts: [] });
    const pattern = "first-token-of-the-tes[t]";
    expect(project.state()).not.toContain("first-token-of-the-test");
    expect(await onBoard(two, `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '${pattern}' || true`)).toBe("0");
    const holders = await onBoard(two, `grep -rlE '${pattern}' /etc /var/lib/rancher/k3s/server || true`);
    expect(await onBoard(two, `stat -c '%a' ${holders.split("\n").join(" ")} | sort -u`)).toBe("600");
  });

  it("saves a snapshot of its etcd on a member, whole and for root only", async () => {
    // a flag by which an upgrade tells k3s which server is to save one
    expect(await onBoard(two, "k3s etcd-snapshot save --help")).toContain("--etcd-server");
    await onBoard(two, "k3s etcd-snapshot save --name of-the-test --etcd-server https://127.0.0.1:6443");
    const [name, location = ""] = (await onBoard(two, "k3s etcd-snapshot ls | tail -n 1")).split(/ +/);
    expect(name).toMatch(/^of-the-test-two-\d{10}$/);
    const file = location.replace("file://", "");
    expect(await onBoard(two, `stat -c %a ${file}`)).toBe("600");
    // behind the database is its checksum, without which etcd restores nothing
    const checksum = await onBoard(two, `tail -c 32 ${file} | od -An -v -tx1 | tr -d ' \\n'`);
    expect(await onBoard(two, `head -c -32 ${file} | sha256sum | cut -c 1-64`)).toBe(checksum);
  });

  it("upgrades the first server, then the other, each behind a snapshot of its etcd", async () => {
    version = newer;
    project.configure(sections(further()));
    const preview = await project.run("preview");
    expect(preview.code, preview.text).toBe(0);
    const notes = preview.report.resources.flatMap((resource) => resource.notes);
    expect(
      notes.filter((note) => note.startsWith("its etcd has 2 members: an etcd snapshot is saved first")),
    ).toHaveLength(2);
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await kubectl(two, "get nodes -o jsonpath='{.items[*].status.nodeInfo.kubeletVersion}'")).toBe(
      `${newer} ${newer}`,
    );
    expect(await kubectl(one, "get configmap written-on-two -o name")).toBe("configmap/written-on-two");
    for (const [board, node] of [[one, names[0]] as const, [two, "two"] as const]) {
      const saved = await onBoard(board, "ls /var/lib/rancher/k3s/server/db/snapshots | grep ^k3s-board-");
      expect(saved).toMatch(new RegExp(`^k3s-board-${former.replaceAll(/[^A-Za-z0-9.]+/g, ".")}-${node}-\\d{10}$`));
    }
    const again = await project.run("up");
    expect(again.code, again.text).toBe(0);
    expect(again.report.summary).toMatchObject({ changes: false, restarts: [] });
  });

  it("refuses another token, and touches nothing", async () => {
    project.configure(sections(further(), { token: "second-token-of-the-test" }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(/k3s\.allowTokenRotation/);
    expect(run.text).not.toContain("second-token-of-the-test");
    expect(await serverToken(one)).toBe("first-token-of-the-test\nfirst-token-of-the-test");
  });

  it("rotates it when that is asked for: the first server, then the other", async () => {
    project.configure(sections(further(), { token: "second-token-of-the-test", allowTokenRotation: true }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    for (const board of [one, two])
      expect(await serverToken(board)).toBe("second-token-of-the-test\nsecond-token-of-the-test");
    expect(await members(one)).toMatch(/servers-one-.*\n.*two-/);
    const again = await project.run("up");
    expect(again.code, again.text).toBe(0);
    expect(again.report.summary).toMatchObject({ changes: false, restarts: [] });
  });

  it("takes a server out: no member of etcd any more, its node gone, its host as it was", async () => {
    project.configure(sections({}, { token: "second-token-of-the-test" }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.text).toMatch(/server two is no member of etcd any more/);
    expect(await kubectl(one, "get nodes -o name")).toBe(`node/${names[0]}`);
    expect(await members(one)).toMatch(/^"name":"servers-one-[0-9a-f]{8}"$/);
    expect(await kubectl(one, "get configmap written-on-two -o name")).toBe("configmap/written-on-two");
    await onBoard(two, "rm -rf /root/.kube");
    expect(listingDifferences(before.two, await listings(two))).toEqual([]);
  });

  it("gives the board back", async () => {
    await onBoard(one, "rm -rf /root/.kube");
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before.one, await listings(one))).toEqual([]);
  });
});
