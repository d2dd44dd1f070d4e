import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../provider/resource";
import { BoardError } from "../../provider/ssh/board-error";
import type { ServiceInputs } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { NodeServer } from "./node-server";

let test: TestBoard;
let cluster: NodeServer;
beforeAll(async () => {
  test = await startTestBoard("provider-drain");
  cluster = await NodeServer.start(test.scratch, "one");
}, 600_000);
afterAll(async () => {
  cluster.stop();
  await test.end();
});
beforeEach(() => {
  test.said.length = 0;
  cluster.done.length = 0;
  cluster.pods = [{ metadata: { name: "web", namespace: "default" }, status: { phase: "Running" } }];
  cluster.held = false;
});

const unit = `[Service]
ExecStart=/bin/sh -c '. /etc/demo/demo.conf; [ "$good" = yes ] || exit 1; exec sleep infinity'
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

function demo(conf: string, timeoutSeconds = 30): Promise<ServiceInputs> {
  return checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit,
    files: [{ path: "/etc/demo/demo.conf", content: conf }],
    timeoutSeconds: 20,
    drain: { connection: test.connection, kubeconfig: cluster.kubeconfig, node: "one", timeoutSeconds },
  });
}

const mainPid = () => test.sh("systemctl show -p MainPID --value demo.service");
const note = "/var/lib/k3s-board/services/demo.cordoned";

describe("a service whose node is drained", () => {
  it("drains nothing to start, and nothing where nothing restarts", async () => {
    const wanted = await demo("good=yes\n");
    const { state } = await systemdService.create(test.context, wanted);
    await systemdService.update(test.context, "demo", state, wanted);
    expect(cluster.done).toEqual([]);
    await systemdService.delete(test.context, "demo", state);
  });

  it("restarts once its pods have left, and has the node uncordoned, without a trace", async () => {
    const { state } = await systemdService.create(test.context, await demo("good=yes\n"));
    const pid = await mainPid();
    const other = await demo("good=yes # other\n");
    expect((await systemdService.diff(state, other, () => false)).notes?.slice(0, 2)).toEqual([
      "demo.service restarts: /etc/demo/demo.conf changes",
      "node one is cordoned and drained before that, for 30 s at most, and uncordoned afterwards",
    ]);
    await systemdService.update(test.context, "demo", state, other);
    expect(cluster.done).toEqual(["cordon", "evict", "uncordon"]);
    expect(cluster.node).toMatchObject({ metadata: { annotations: {} }, spec: {} });
    expect(await mainPid()).not.toBe(pid);
    expect(await test.sh(`ls ${note} 2>/dev/null; true`)).toBe("");
    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true")).toBe("");
  });

  it("has the node uncordoned after a roll-back", async () => {
    const { state } = await systemdService.create(test.context, await demo("good=yes\n"));
    const bad = await demo("good=no\n");
    expect(await failure(systemdService.update(test.context, "demo", state, bad))).toContain("did not become healthy");
    expect(cluster.done).toEqual(["cordon", "evict", "uncordon"]);
    expect(await test.sh("cat /etc/demo/demo.conf; systemctl is-active demo")).toBe("good=yes\nactive");
    await systemdService.delete(test.context, "demo", state);
  });

  it("restarts with what a budget holds, once the time is over", async () => {
    const { state } = await systemdService.create(test.context, await demo("good=yes\n"));
    cluster.held = true;
    const pid = await mainPid();
    await systemdService.update(test.context, "demo", state, await demo("good=yes # other\n", 1));
    expect(cluster.done).toEqual(["cordon", "uncordon"]);
    expect(test.said).toContain(
      "warning: node one restarts with pods on it after 1 s: pod default/web: a budget holds it",
    );
    expect(await mainPid()).not.toBe(pid);
    await systemdService.delete(test.context, "demo", state);
  });

  it("leaves a note when it is killed on the way, by which the next run uncordons the node and restarts nothing", async () => {
    const wanted = await demo("good=yes\n");
    const { state } = await systemdService.create(test.context, wanted);
    const pid = await mainPid();
    cluster.held = true;
    const run = test.another();
    let killed = false;
    const board: Context["board"] = (connection) =>
      killed ? Promise.reject(new BoardError("cancelled", "board", "killed")) : run.context.board(connection);
    const other = await demo("good=yes # other\n", 600);
    const died = failure(systemdService.update({ ...run.context, board }, "demo", state, other));
    await expect.poll(() => cluster.done, { timeout: 120_000 }).toContain("cordon");
    killed = true;
    run.close();
    expect(await died).not.toBe("");
    expect(cluster.done).toEqual(["cordon"]);

    const found = await systemdService.read(test.context, "demo", state);
    expect(found?.inputs).toEqual(wanted);
    const difference = await systemdService.diff(found?.state ?? state, wanted, () => false);
    expect(difference).toEqual({
      changed: ["drain"],
      notes: ["node one is uncordoned: an earlier run had cordoned it and was interrupted"],
    });
    const settled = await systemdService.update(test.context, "demo", found?.state ?? state, wanted);
    expect(cluster.done).toEqual(["cordon", "uncordon"]);
    expect(await mainPid()).toBe(pid);
    const again = await systemdService.read(test.context, "demo", settled);
    expect((await systemdService.diff(again?.state ?? settled, wanted, () => false)).changed).toEqual([]);
    await systemdService.delete(test.context, "demo", settled);
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true")).toBe("");
  });
});
