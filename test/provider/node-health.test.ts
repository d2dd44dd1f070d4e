import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ServiceInputs } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { NodeServer } from "./node-server";

let test: TestBoard;
let cluster: NodeServer;
beforeAll(async () => {
  test = await startTestBoard("provider-node-health");
  cluster = await NodeServer.start(test.scratch, "one");
  await test.sh(`cat >/root/kubeconfig <<'E'\n${cluster.kubeconfig}\nE`);
}, 600_000);
afterAll(async () => {
  cluster.stop();
  await test.end();
});
beforeEach(() => {
  cluster.renewed = () => new Date();
});

function demo(conf: string): Promise<ServiceInputs> {
  return checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
    files: [{ path: "/etc/demo/demo.conf", content: conf }],
    health: { kind: "kubernetes", kubeconfig: "/root/kubeconfig", node: "one" },
    timeoutSeconds: 12,
  });
}

const conf = () => test.sh("cat /etc/demo/demo.conf");

describe("a change of what runs a node", () => {
  it("is not confirmed by what the cluster knows of the node from before", async () => {
    const { state } = await systemdService.create(test.context, await demo("1\n"));
    const last = new Date();
    await test.sh("sleep 2");
    cluster.renewed = () => last;
    expect(await failure(systemdService.update(test.context, "demo", state, await demo("2\n")))).toMatch(
      /node one: its kubelet has not been heard of since the start/,
    );
    expect(await conf()).toBe("1");
    cluster.renewed = () => new Date();
    await systemdService.update(test.context, "demo", state, await demo("2\n"));
    expect(await conf()).toBe("2");
    await systemdService.delete(test.context, "demo", state);
  });

  it("is taken back where a pod that was Ready is not any more", async () => {
    const { state } = await systemdService.create(test.context, await demo("1\n"));
    let looks = 0;
    const web = (status: "True" | "False") => ({
      metadata: { name: "web", namespace: "shop", uid: "u1" },
      status: { phase: "Running", conditions: [{ type: "Ready", status }] },
    });
    // Ready when it is looked at before the change, and never again
    cluster.seen = () => [web(looks++ === 0 ? "True" : "False")];
    const failed = await failure(systemdService.update(test.context, "demo", state, await demo("2\n")));
    cluster.seen = () => [web("True")];
    expect(failed).toMatch(/pod shop\/web: Running, not Ready/);
    expect(await conf()).toBe("1");
    await systemdService.update(test.context, "demo", state, await demo("2\n"));
    expect(await conf()).toBe("2");
    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true")).toBe("");
  });
});
