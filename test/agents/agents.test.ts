import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoards } from "../../emulator/board";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences, listKind } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { expectNoChanges } from "../stack/expect-no-changes";
import { boardSections, type Sections, TestProject } from "../stack/project";

const names = ["agents-server", "agents-one", "agents-two"] as const;

const listings = (board: EmulatedBoard) => listBoard((script) => onBoard(board, script));

/** One cluster serves all tests here, in this order: three emulated boards on one machine take their time. */
describe.sequential("a server and two agents from one stack", () => {
  let server: EmulatedBoard;
  let one: EmulatedBoard;
  let two: EmulatedBoard;
  let project: TestProject;
  let before: Record<"server" | "one" | "two", BoardListing>;

  function sections(agents: Record<string, Sections>): Sections {
    const given = boardSections(server);
    return {
      ...given,
      k3s: {
        ...given.k3s,
        config: { "node-ip": server.neighbourAddress, "flannel-iface": "eth1" },
      },
      manifests: { everywhere: { file: join(__dirname, "manifests/everywhere.yaml") } },
      agents,
    };
  }

  function agent(board: EmulatedBoard, more: Sections = {}): Sections {
    return {
      ...boardSections(board).board,
      labels: { "test.example/part": "worker" },
      config: { "node-ip": board.neighbourAddress, "flannel-iface": "eth1" },
      drainTimeoutSeconds: 120,
      ...more,
    };
  }

  const kubectl = (command: string) => onBoard(server, `k3s kubectl ${command}`);
  const nodes = async () =>
    (await kubectl("get nodes --no-headers -o custom-columns=:metadata.name,:status.conditions[-1].status"))
      .split("\n")
      .map((line) => line.trim().replace(/\s+/g, " "))
      .sort();

  beforeAll(async () => {
    for (const name of names) await downBoard(name);
    const boards = await upBoards(names, { architecture: "riscv64" }, terminalProgress());
    [server, one, two] = boards as [EmulatedBoard, EmulatedBoard, EmulatedBoard];
    project = new TestProject();
    before = { server: await listings(server), one: await listings(one), two: await listings(two) };
  });

  afterAll(async () => {
    project?.dispose();
    for (const name of names) await downBoard(name);
  });

  it("refuses boards that do not see each other, and touches nothing", async () => {
    const given = sections({ one: agent(one, { config: {} }) });
    project.configure({ ...given, k3s: boardSections(server).k3s });
    const run = await project.run("up");
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(
      /agents\.one\.config\.node-ip: its board's address 10\.0\.2\.15 is that of the server too/,
    );
    expect(await listKind((script) => onBoard(one, script), "files")).toEqual(before.one.files);
  });

  it("brings all nodes up, and a pod on each agent answers", async () => {
    project.configure(sections({ one: agent(one), two: agent(two, { taints: ["test.example/slow=yes:NoSchedule"] }) }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await nodes()).toEqual([`${names[0]} True`, "one True", "two True"]);
    expect(await kubectl("get node two -o jsonpath='{.spec.taints[*].key}'")).toBe("test.example/slow");
    await kubectl("rollout status --timeout=100s daemonset/everywhere");
    const pods = await kubectl(
      "get pods -l app=everywhere -o jsonpath='{range .items[*]}{.spec.nodeName} {.status.podIP}{\"\\n\"}{end}'",
    );
    const addresses = new Map(pods.split("\n").map((line) => line.split(" ") as [string, string]));
    expect([...addresses.keys()].sort()).toEqual(["one", "two"]);
    for (const address of addresses.values())
      expect(await onBoard(server, `curl -sf --max-time 20 http://${address}:8080/`)).toMatch(/hello from everywhere/);
  });

  it("keeps the token out of state, arguments and readable files", async () => {
    const token = await onBoard(server, "cat /var/lib/rancher/k3s/server/agent-token");
    const secret = token.slice(token.lastIndexOf(":") + 1);
    expect(secret.length).toBeGreaterThan(8);
    expect(project.state()).not.toContain(secret);
    expect((await project.run("preview", "--verbose")).text).not.toContain(secret);
    // a bracket in the pattern, so that grep does not find itself
    const pattern = `${secret.slice(0, -1)}[${secret.slice(-1)}]`;
    expect(await onBoard(one, `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '${pattern}' || true`)).toBe("0");
    const holders = await onBoard(one, `grep -rlE '${pattern}' /etc /var/lib/rancher /var/lib/k3s-board || true`);
    expect(await onBoard(one, `stat -c '%a' ${holders.split("\n").join(" ")} | sort -u`)).toBe("600");
  });

  it("changes nothing the second time", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary).toMatchObject({ changes: false, restarts: [] });
  });

  it("sets and takes away labels and taints without a restart", async () => {
    await kubectl("label node one test.example/part-");
    const preferred = { "test.example/part": "worker", "test.example/preferred": "yes" };
    project.configure(sections({ one: agent(one), two: agent(two, { labels: preferred }) }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary.restarts).toEqual([]);
    expect(await kubectl("get nodes -l test.example/part=worker -o name")).toBe("node/one\nnode/two");
    expect(await kubectl("get node two -o jsonpath='{.spec.taints}'")).toBe("");
  });

  /** The agent that the moving pod runs on. */
  async function movingOn(): Promise<string> {
    await kubectl("wait --for=condition=Available --timeout=100s deployment/moving");
    return kubectl(
      "get pods -l app=moving --field-selector=status.phase=Running -o jsonpath='{.items[*].spec.nodeName}'",
    );
  }

  it("takes an agent away: its pods move, its node is gone, its host is as it was", async () => {
    await kubectl("delete pod -l app=moving");
    expect(await movingOn()).toBe("two");
    project.configure(sections({ one: agent(one) }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.text).toMatch(/node two is drained/);
    expect(await nodes()).toEqual([`${names[0]} True`, "one True"]);
    expect(await movingOn()).toBe("one");
    expect(listingDifferences(before.two, await listings(two))).toEqual([]);
    await expectNoChanges(project);
  });

  it("gives all boards back", async () => {
    await onBoard(server, "rm -rf /root/.kube");
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before.server, await listings(server))).toEqual([]);
    expect(listingDifferences(before.one, await listings(one))).toEqual([]);
  });
});
