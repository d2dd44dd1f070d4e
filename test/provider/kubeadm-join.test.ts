import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubeadmJoin } from "../../provider/kubeadm/join";
import { joinPaths } from "../../provider/kubeadm/join-files";
import { kubeadmJoined } from "../../provider/kubeadm/joined";
import { kubeadmData } from "../../provider/kubeadm/kubeadm-data";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { JoinServer, joiningPaths, joinLeftovers, prepareJoiningBoard } from "./join-server";

const { administrator, kubeadm } = joiningPaths;

const unit = `[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

let test: TestBoard;
let cluster: JoinServer;

const shared = () => ({
  connection: test.connection,
  cluster: { connection: test.connection, kubeconfig: administrator },
  server: cluster.url,
  node: "w1",
});
const wantedJoin = () => checked(kubeadmJoin, { ...shared(), kubeadm, criSocket: "unix:///run/c.sock" });
const joined = (attempt: string) => checked(kubeadmJoined, { ...shared(), attempt, timeoutSeconds: 60 });
const kubelet = (attempt: string) =>
  checked(systemdService, {
    connection: test.connection,
    name: "kubelet",
    unit,
    program: { path: "/usr/local/bin/kubelet", source: join(test.scratch, "kubelet") },
    restartTriggers: { join: attempt },
    timeoutSeconds: 30,
  });
const listing = () => test.sh(joinLeftovers);

beforeAll(async () => {
  test = await startTestBoard("provider-join");
  cluster = await JoinServer.start(test.scratch);
  await prepareJoiningBoard(test, cluster);
}, 600_000);
afterAll(async () => {
  cluster.stop();
  await test.end();
});

describe.sequential("a worker", () => {
  let data: Awaited<ReturnType<typeof kubeadmData.create>>;
  let service: Awaited<ReturnType<typeof systemdService.create>>;

  it("joins by a token that nobody keeps", async () => {
    expect(await listing()).toBe("");
    data = await kubeadmData.create(test.context, await checked(kubeadmData, { connection: test.connection }));
    const { state } = await kubeadmJoin.create(test.context, await wantedJoin());
    expect(state.attempt).toBe("1");
    expect(await test.sh(`stat -c %a ${joinPaths.bootstrap} ${joinPaths.ca}`)).toBe("600\n644");
    service = await systemdService.create(test.context, await kubelet(state.attempt));
    const end = await kubeadmJoined.create(test.context, await joined(state.attempt));
    expect(cluster.secrets.size).toBe(0);
    expect(await test.sh(`ls ${joinPaths.bootstrap} 2>/dev/null || true`)).toBe("");
    const told = JSON.stringify([state, end.state, test.said]);
    for (const token of cluster.tokens) {
      expect(told).not.toContain(token);
      expect(await test.sh(`grep -rlF ${token} /etc /var/lib /root 2>/dev/null || true`)).toBe("");
    }
  });

  it("has nothing to do the second time", async () => {
    const wanted = await wantedJoin();
    const read = await kubeadmJoin.read(test.context, "w1", { ...wanted, attempt: "1", lacking: "" });
    expect(await kubeadmJoin.diff(read!.state, wanted, () => false)).toMatchObject({ changed: [] });
    const before = cluster.tokens.length;
    const again = await kubeadmJoin.create(test.context, wanted);
    expect(again.state).toMatchObject({ attempt: "1", lacking: "" });
    expect(cluster.tokens.length).toBe(before);
  });

  it("whose run was killed while its kubelet asked in vain joins with the next", async () => {
    // kubelet lost what it was a node by, and what it is given has expired before it starts
    const wanted = await wantedJoin();
    const attempt = (await kubeadmJoin.update(test.context, "w1", { ...wanted, attempt: "1", lacking: "-" }, wanted))
      .attempt;
    cluster.secrets.clear();
    service = {
      id: service.id,
      state: await systemdService.update(test.context, service.id, service.state, await kubelet(attempt)),
    };
    const read = await kubeadmJoin.read(test.context, "w1", { ...wanted, attempt, lacking: "" });
    expect((await kubeadmJoin.diff(read!.state, wanted, () => false)).notes).toEqual([
      "node w1 joins: kubelet has no certificate yet",
    ]);
    const next = await kubeadmJoin.update(test.context, "w1", read!.state, wanted);
    expect(next.attempt).toBe("3");
    const other = await kubelet(next.attempt);
    expect((await systemdService.diff(service.state, other, () => false)).notes?.[0]).toMatch(
      /^kubelet\.service restarts/,
    );
    service = { id: service.id, state: await systemdService.update(test.context, service.id, service.state, other) };
    await kubeadmJoined.update(test.context, "w1", { ...(await joined("1")), pending: true }, await joined("3"));
    expect(cluster.secrets.size).toBe(0);
  });

  it("goes without a trace", async () => {
    const wanted = await wantedJoin();
    await systemdService.delete(test.context, service.id, service.state);
    await kubeadmJoin.delete(test.context, "w1", { ...wanted, attempt: "3", lacking: "" });
    expect(await test.sh(`cat ${joiningPaths.resets}`)).toBe("reset --force --cri-socket unix:///run/c.sock");
    await kubeadmData.delete(test.context, data.id, data.state);
    expect(await listing()).toBe("");
  });

  it("that was killed before the engine knew of its join goes with its data", async () => {
    data = await kubeadmData.create(test.context, await checked(kubeadmData, { connection: test.connection }));
    await kubeadmJoin.create(test.context, await wantedJoin());
    await kubeadmData.delete(test.context, data.id, data.state);
    expect(await listing()).toBe("");
  });

  it("is refused where another join has left something", async () => {
    await test.sh("mkdir -p /etc/kubernetes; echo x >/etc/kubernetes/kubelet.conf");
    expect(await failure(kubeadmJoin.create(test.context, await wantedJoin()))).toMatch(
      /an earlier init or join, which is not this stack's, is on the board: \/etc\/kubernetes\/kubelet\.conf\. Reset it there \(\/opt\/kubeadm reset/,
    );
    await test.sh("rm -r /etc/kubernetes");
    expect(await listing()).toBe("");
  });
});
