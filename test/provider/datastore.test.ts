import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ServiceInputs, ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { slowOn } from "./slow";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-datastore");
}, 600_000);
afterAll(() => test.end());

const path = "/opt/demo/bin/demo";
const server = "/var/lib/demo/server";
const db = `${server}/db`;
const copies = `${db}/k3s-board`;

/** What the program does when it is asked for a snapshot of its etcd: what lies there. */
const onSnapshot = "/run/demo-etcd-snapshot";
const etcdSnapshot = `case " $* " in *" --help "*) echo "   --etcd-server value" ;; *) . ${onSnapshot} ;; esac`;

/** A program that writes its version into its datastore when it starts, as a server migrates what it finds. */
function programFile(version: string, life = "exec sleep infinity"): string {
  const file = join(test.scratch, `${version}-${life.length}`);
  writeFileSync(
    file,
    `#!/bin/sh
[ "$1" != --version ] || { echo "demo version ${version} (test)"; exit 0; }
[ "$1" != etcd-snapshot ] || { ${etcdSnapshot}; exit; }
mkdir -p ${db}; [ -e ${server}/token ] || ( umask 077; echo token >${server}/token )
echo ${version} >>${db}/state.db; echo log of ${version} >${db}/state.db-wal
${life}
`,
  );
  return file;
}
const broken = "echo 'level=fatal cannot migrate'; exit 1";

function service(version: string, rules: object = {}, changes: object = {}, life?: string): Promise<ServiceInputs> {
  return checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: `[Service]\nExecStart=${path} run\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
    program: {
      path,
      source: programFile(version, life),
      version,
      upgrade: { kind: "kubernetes", allowDowngrade: false, datastore: db, ...rules },
    },
    timeoutSeconds: 20,
    ...changes,
  });
}

/** The state as a refresh before the next run finds it. */
async function seen(state: ServiceState): Promise<ServiceState> {
  return (await systemdService.read(test.context, "demo", state))?.state ?? state;
}
const notes = async (state: ServiceState, wanted: ServiceInputs) =>
  (await systemdService.diff(await seen(state), wanted, () => false)).notes ?? [];
const stored = () => test.sh(`tr '\\n' ' ' <${db}/state.db; cat ${db}/state.db-wal; ls -A ${db}`);
const inCopies = () =>
  test.sh(
    `for c in ${copies}/[0-9]*; do echo $(ls $c) $(cat $c/content/state.db); done 2>/dev/null; ls -A ${copies} 2>/dev/null | grep -v '^[0-9]' || :`,
  );
const settled = `ls -A /var/lib/k3s-board/transactions 2>/dev/null; find /etc/systemd -name '*rollback*'; ls -A /opt/demo/bin; ${path} --version; systemctl is-active demo`;
const downgrade = { allowDowngrade: true, restoreDatastore: true };

const slow = slowOn(() => test);

beforeEach(async () => {
  // also after a test that failed
  await test.sh(
    "systemctl stop demo k3s-board-rollback-demo.timer 2>/dev/null; rm -rf /var/lib/k3s-board /opt/demo /etc/systemd/system/demo.service; systemctl daemon-reload",
  );
  await slow.end();
  await test.sh("rm -rf /var/lib/demo");
});

/** What runs at first in each test. */
async function start(version: string): Promise<{ wanted: ServiceInputs; state: ServiceState }> {
  const wanted = await service(version);
  const { state } = await systemdService.create(test.context, wanted);
  return { wanted, state: await seen(state) };
}
const update = async (state: ServiceState, wanted: ServiceInputs) =>
  seen(await systemdService.update(test.context, "demo", await seen(state), wanted));
async function end(state: ServiceState): Promise<void> {
  await systemdService.delete(test.context, "demo", state);
  expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; ls -d /opt/demo 2>/dev/null; :")).toBe("");
}

describe("the datastore of a server whose program changes its minor version", () => {
  it("is copied before, and comes back with the program on the way down, where that was asked for", async () => {
    let { state } = await start("v1.34.1");
    const patch = await service("v1.34.2");
    expect((await notes(state, patch)).join()).not.toContain("datastore");
    state = await update(state, patch);
    expect(await inCopies()).toBe("");

    const up = await service("v1.35.0+x1");
    expect(await notes(state, up)).toContain("copies the datastore (1 MB) first");
    state = await update(state, up);
    expect(await stored()).toBe("v1.34.1 v1.34.2 v1.35.0+x1 log of v1.35.0+x1\nk3s-board\nstate.db\nstate.db-wal");
    expect(await inCopies()).toBe("content token v1.34.1 v1.34.2");
    expect(await test.sh(`stat -c %a ${copies} ${copies}/*; cat ${copies}/*/content/state.db-wal`)).toBe(
      "700\n700\nlog of v1.34.2",
    );
    const copy = "000001-v1.34.2";
    expect(state.datastore?.copies).toEqual([
      {
        name: `upgrades/${copy}`,
        path: `${copies}/${copy}`,
        made: Number(await test.sh(`stat -c %Y ${copies}/${copy}/content`)),
        version: "v1.34.2",
        mebibytes: 1,
      },
    ]);
    expect(state.datastore?.backups).toEqual([]);

    // down: refused, or as it is, or as it was
    const down = await service("v1.34.2");
    expect((await systemdService.check?.(down, up))?.problems[0]?.reason).toContain("k3s.allowDowngrade");
    const refused = await failure(systemdService.update(test.context, "demo", state, down));
    expect(refused).toContain("k3s.allowDowngrade: restoreDatastore");
    const restored = await service("v1.34.2", downgrade);
    expect(await notes(state, restored)).toContain(
      "restores the datastore that v1.34.2 had left (copy upgrades/000001-v1.34.2, 1 MB); what was written since then is lost",
    );
    state = await update(state, restored);
    expect(await stored()).toBe("v1.34.1 v1.34.2 v1.34.2 log of v1.34.2\nk3s-board\nstate.db\nstate.db-wal");
    expect(await inCopies()).toBe("content token v1.34.1 v1.34.2\ncontent token v1.34.1 v1.34.2 v1.35.0+x1");

    // as it is, and no more than three copies
    state = await update(state, await service("v1.35.1"));
    state = await update(state, await service("v1.34.3", { allowDowngrade: true }));
    expect(await stored()).toMatch(/^v1.34.1 v1.34.2 v1.34.2 v1.35.1 v1.34.3 log of v1.34.3/);
    expect(state.datastore?.copies.map(({ name }) => name)).toEqual([
      "upgrades/000002-v1.35.0+x1",
      "upgrades/000003-v1.34.2",
      "upgrades/000004-v1.35.1",
    ]);
    await end(state);
  });

  it("comes back when the new program does not start, and so does the newer one on the way down", async () => {
    let { state } = await start("v1.35.1");
    const message = await failure(update(state, await service("v1.36.0", {}, {}, broken)));
    expect(message).toContain("level=fatal cannot migrate");
    expect(message).toContain("demo.service is healthy again");
    expect(await stored()).toBe("v1.35.1 v1.35.1 log of v1.35.1\nstate.db\nstate.db-wal");
    expect(await test.sh(settled)).toBe("demo\ndemo version v1.35.1 (test)\nactive");

    state = await update(state, await service("v1.36.1"));
    const before = (await stored()).split(" ").slice(0, 3).join(" ");
    await failure(update(state, await service("v1.35.1", downgrade, {}, broken)));
    expect(await stored()).toMatch(new RegExp(`^${before} v1.36.1 log of v1.36.1`));
    expect(await inCopies()).toBe("content token v1.35.1 v1.35.1");
    expect(await test.sh(settled)).toBe("demo\ndemo version v1.36.1 (test)\nactive");
    await end(state);
  });

  it("is left alone, and the service with it, where the change cannot be made", async () => {
    const { state, wanted } = await start("v1.35.1");
    const pid = () => test.sh("systemctl show -p MainPID --value demo");
    const before = [await pid(), await stored()];
    const same = async () => {
      expect([await pid(), await stored()]).toEqual(before);
      expect(await test.sh(settled)).toBe("demo\ndemo version v1.35.1 (test)\nactive");
      expect((await systemdService.diff(await seen(state), wanted, () => false)).changed).toEqual([]);
    };
    const next = await service("v1.36.0");

    const none = await failure(update(state, await service("v1.34.0", downgrade)));
    expect(none).toContain("there is no copy of a datastore that v1.34 has written");
    await same();

    await test.sh(
      `mkdir -p ${db}/etcd; echo initial-cluster: a=https://192.0.2.1:2380,b=https://192.0.2.2:2380 >${db}/etcd/config`,
    );
    const health = { kind: "kubernetes", kubeconfig: "/nowhere" };
    expect(await failure(update(state, await service("v1.34.0", downgrade, { health })))).toContain(
      "its etcd has 2 members",
    );
    await test.sh(`rm -r ${db}/etcd`);
    await same();

    await test.sh(`mkdir ${db}/etcd; fallocate -l 9M ${db}/etcd/x; mkdir -p /mnt/small
      mount -t tmpfs -o size=16m tmpfs /mnt/small; cp -a ${db}/. /mnt/small; mount --bind /mnt/small ${db}`);
    expect(await failure(update(state, next))).toMatch(/no space: it needs \d+ KiB, \/var\/lib\/demo\/server\/db has/);
    await test.sh(`umount ${db} /mnt/small; rm -r ${db}/etcd`);
    await same();
    await end(state);
  });

  it("of several servers stays as it is: a snapshot is saved before, or nothing changes", async () => {
    let { state } = await start("v1.35.1");
    await test.sh(
      `mkdir -p ${db}/etcd; echo initial-cluster: a=https://192.0.2.1:2380,b=https://192.0.2.2:2380 >${db}/etcd/config`,
    );
    state = await seen(state);
    const next = await service("v1.36.0");
    expect(await notes(state, next)).toContain(
      "its etcd has 2 members: an etcd snapshot is saved first (k3s etcd-snapshot save); a roll-back of this server leaves what was written",
    );
    expect((await notes(state, await service("v1.35.2"))).join()).not.toContain("snapshot");

    const before = await test.sh("systemctl show -p MainPID --value demo");
    await test.sh(`echo 'echo "level=fatal s3cret-token is not valid" >&2; exit 1' >${onSnapshot}`);
    const refused = await failure(update(state, next));
    expect(refused).toContain(`${path} was not replaced: no etcd snapshot could be saved before`);
    expect(refused).toContain("level=fatal *** is not valid");
    expect(await test.sh("systemctl show -p MainPID --value demo")).toBe(before);
    expect(await test.sh(settled)).toBe("demo\ndemo version v1.35.1 (test)\nactive");

    await test.sh(
      `echo 'mkdir -p ${db}/snapshots; printf "%s " "$@" >${db}/snapshots/k3s-board-v1.35.1-one-1790000000' >${onSnapshot}`,
    );
    state = await update(state, next);
    expect(await test.sh(`cat ${db}/snapshots/*`)).toBe(
      `etcd-snapshot save --data-dir /var/lib/demo --etcd-snapshot-dir ${db}/snapshots --name k3s-board-v1.35.1 --etcd-server https://127.0.0.1:6443`,
    );
    expect(await inCopies()).toBe("");
    expect(await test.sh(settled)).toBe("demo\ndemo version v1.36.0 (test)\nactive");

    // one that does not run can save none, and is not left as it is for that
    await test.sh("systemctl stop demo");
    state = await seen(state);
    const last = await service("v1.37.0");
    expect((await notes(state, last)).join()).toContain("this one does not run: no etcd snapshot is saved");
    state = await update(state, last);
    expect(test.said.join()).toContain("warning: demo.service does not run, so no etcd snapshot is saved");
    expect(await test.sh(`ls ${db}/snapshots`)).toBe("k3s-board-v1.35.1-one-1790000000");
    expect(await test.sh(settled)).toBe("demo\ndemo version v1.37.0 (test)\nactive");
    await end(state);
  });

  it("and the program of before run again where the copy fails", async () => {
    const { state } = await start("v1.35.1");
    await test.sh(`echo a file >${copies}`);
    const message = await failure(update(state, await service("v1.36.0")));
    expect(message).toContain(`the datastore in ${db} cannot be copied`);
    await test.sh(`rm ${copies}`);
    await expect.poll(() => test.sh(settled)).toBe("demo\ndemo version v1.35.1 (test)\nactive");
    expect(await stored()).toBe("v1.35.1 v1.35.1 log of v1.35.1\nstate.db\nstate.db-wal");
    await end(state);
  });

  it("is what it was where the connection went while it was copied", async () => {
    const { state } = await start("v1.35.1");
    const killed = test.another();
    await slow.at("cp", "*state.db-wal*");
    const lost = failure(systemdService.update(killed.context, "demo", state, await service("v1.36.0")));
    await slow.reached();
    killed.close();
    await lost;
    await slow.release();
    // what the script says next nobody hears, and it takes back what it did
    await expect.poll(() => test.sh(settled), { timeout: 20_000 }).toBe("demo\ndemo version v1.35.1 (test)\nactive");
    expect(await stored()).toBe("v1.35.1 v1.35.1 log of v1.35.1\nstate.db\nstate.db-wal");
    await end(state);
  });

  it.each<[string, string, string, string]>([
    ["while it was copied", "cp", "*state.db-wal*", "v1.35.1 v1.35.1"],
    ["when it was copied, and the new program had written to it", "none", "", "v1.35.1 v1.35.1"],
    ["while it was brought back", "mv", "*content/state.db-wal*", "v1.35.1 v1.35.1"],
  ])("is what it was where the power went %s", async (_when, program, pattern, content) => {
    const { state } = await start("v1.35.1");
    const life = program === "none" ? "echo >/run/slowed; sleep infinity" : program === "mv" ? broken : undefined;
    const wanted = await service(
      "v1.36.0",
      {},
      { timeoutSeconds: 300, health: { kind: "http", url: "http://127.0.0.1:9/" } },
      life,
    );
    if (program !== "none") await slow.at(program, pattern);
    const killed = test.another();
    const lost = failure(systemdService.update(killed.context, "demo", state, wanted));
    await slow.reached();
    killed.close();
    await test.nspawn.powerCycle();
    await lost;
    await expect
      .poll(() => test.sh(settled).catch(String), { timeout: 60_000, interval: 1000 })
      .toBe("demo\ndemo version v1.35.1 (test)\nactive");
    expect(await stored()).toBe(`${content} log of v1.35.1\nstate.db\nstate.db-wal`);
    await end(state);
  });
});
