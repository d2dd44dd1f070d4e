import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { backupProgram, backupService, backupTimer, backupUnit } from "../../components/k3s/backup-units";
import { file } from "../../provider/files/file";
import { backupScript } from "../../provider/kubernetes/backup-script";
import { datastoreBackup } from "../../provider/kubernetes/datastore-backup";
import { onDestroyVariable } from "../../provider/kubernetes/on-destroy";
import { restoreVariable } from "../../provider/systemd/restore";
import type { ServiceInputs, ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-backup");
}, 600_000);
afterAll(() => test.end());
afterEach(() => vi.unstubAllEnvs());

const db = "/var/lib/demo/server/db";
const directory = "/var/lib/demo-backups";
const version = "v1.36.3+k3s1";
const accuracy = `/run/systemd/system/${backupUnit}.timer.d`;

/** The files and the timer, as a stack makes them, in its order; `end` takes them away again. */
async function scheduled(schedule: string) {
  const texts = {
    [backupProgram]: backupScript({ datastore: db, directory, keep: 2, version }),
    [`/etc/systemd/system/${backupUnit}.service`]: backupService({ directory }),
    [`/etc/systemd/system/${backupUnit}.timer`]: backupTimer({ schedule }),
  };
  const files = await Promise.all(
    Object.entries(texts).map(([path, content]) => checked(file, { connection: test.connection, path, content })),
  );
  // systemd may be a minute late otherwise, for each copy
  await test.sh(`mkdir -p ${accuracy}; printf '[Timer]\\nAccuracySec=1s\\n' >${accuracy}/test.conf`);
  for (const one of files) await file.create(test.context, one);
  const inputs = await checked(datastoreBackup, {
    connection: test.connection,
    name: backupUnit,
    schedule,
    datastore: db,
    directory,
  });
  return {
    inputs,
    end: async () => {
      for (const one of files) await file.delete(test.context, one.path, one);
      await test.sh(`rm -r ${accuracy}; systemctl daemon-reload`);
    },
  };
}
const timer = () =>
  test.sh(`systemctl is-active ${backupUnit}.timer || :; systemctl is-enabled ${backupUnit}.timer 2>/dev/null || :`);
const copies = () => test.sh(`ls ${directory} 2>/dev/null || :`);
const server = (content: string) =>
  test.sh(`mkdir -p ${db}; umask 077; printf '%s' '${content}' >${db}/state.db; echo token >${db}/../token`);

describe("copies on schedule", () => {
  it("are made when the timer says so, bounded, and go with the stack", async () => {
    await server("one");
    const { inputs, end } = await scheduled("*-*-* *:*:0/5");
    expect(await datastoreBackup.announce?.(test.context, inputs, () => false)).toEqual([
      `${backupUnit}.timer starts: *-*-* *:*:0/5`,
    ]);
    const { id, state } = await datastoreBackup.create(test.context, inputs);
    expect(await timer()).toBe("active\nenabled");
    await expect
      .poll(copies, { timeout: 120_000, interval: 1000 })
      .toMatch(/^00000[3-9]-v1\.36\.3\+k3s1\n00000\d-v1\.36\.3\+k3s1$/);
    const look = async () =>
      datastoreBackup.diff((await datastoreBackup.read(test.context, id, state))?.state ?? state, inputs, () => false);
    expect(await look()).toMatchObject({ changed: [] });
    await test.sh(`systemctl disable -q --now ${backupUnit}.timer`);
    expect(await look()).toMatchObject({ changed: ["name"], notes: [`${backupUnit}.timer starts: *-*-* *:*:0/5`] });
    // one under way is waited for, so that nothing is removed while it is read
    await test.sh(`systemctl start ${backupUnit}.service`);
    expect(
      await test.sh(
        `stat -c %a ${directory} ${directory}/0*/content/state.db | sort -u; cat ${directory}/0*/content/state.db ${directory}/0*/token`,
      ),
    ).toBe("600\n700\noneonetoken\ntoken");
    await datastoreBackup.update(test.context, id, state, inputs);
    expect(await look()).toMatchObject({ changed: [] });

    // only the schedule leaves the configuration
    await datastoreBackup.delete(test.context, id, state);
    expect(await copies()).not.toBe("");
    vi.stubEnv(onDestroyVariable, "keepData");
    await datastoreBackup.delete(test.context, id, state);
    expect(await copies()).not.toBe("");
    vi.stubEnv(onDestroyVariable, "remove");
    await datastoreBackup.delete(test.context, id, state);
    await end();
    expect(await timer()).toBe("inactive\nnot-found");
    expect(
      await test.sh(
        `ls -d ${directory} /usr/local/lib/k3s-board /etc/systemd/system/${backupUnit}* /etc/systemd/system/timers.target.wants/${backupUnit}* 2>/dev/null; ls -A /var/lib/k3s-board 2>/dev/null; true`,
      ),
    ).toBe("");
  });

  it("are refused for a schedule that nobody understands, and for an etcd", async () => {
    const { inputs, end } = await scheduled("now and then");
    expect(await failure(datastoreBackup.create(test.context, inputs))).toMatch(/was not started: .*now and then/);
    await test.sh(`rm ${db}/state.db; mkdir ${db}/etcd`);
    expect(await failure(datastoreBackup.create(test.context, { ...inputs, schedule: "daily" }))).toMatch(
      /embedded etcd, which has snapshots of its own/,
    );
    await end();
    await test.sh("rm -rf /var/lib/demo");
  });
});

describe("a copy that is brought back", () => {
  /** A server that dies of what it finds where that is bad, as k3s would. */
  const service = (): Promise<ServiceInputs> =>
    checked(systemdService, {
      connection: test.connection,
      name: "demo",
      unit: `[Service]\nExecStart=/bin/sh -c 'grep -q bad ${db}/state.db && exit 1; echo log >${db}/state.db-wal; exec sleep infinity'\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
      datastoreCopies: { datastore: db, backups: directory, version },
      timeoutSeconds: 15,
    });
  const seen = async (state: ServiceState) => (await systemdService.read(test.context, "demo", state))?.state ?? state;
  const stored = () => test.sh(`cat ${db}/state.db; echo; ls -A ${db}`);
  const pid = () => test.sh("systemctl show -p MainPID --value demo.service");

  it("takes the datastore's place in one restart; a bad one is taken back; nothing else ever restores", async () => {
    await server("then");
    await test.sh(backupScript({ datastore: db, directory, keep: 3, version }).replace(/^#!.*\n/, ""));
    await server("bad");
    await test.sh(backupScript({ datastore: db, directory, keep: 3, version }).replace(/^#!.*\n/, ""));
    await server("now");
    const inputs = await service();
    let { state } = await systemdService.create(test.context, inputs);
    state = await seen(state);
    expect(state.datastore?.backups.map(({ name }) => name)).toEqual([
      `backups/000001-${version}`,
      `backups/000002-${version}`,
    ]);
    expect(await systemdService.diff(state, inputs, () => false)).toMatchObject({ changed: [] });

    vi.stubEnv(restoreVariable, `backups/000001-${version}`);
    const { changed, notes = [] } = await systemdService.diff(state, inputs, () => false);
    expect(changed).toEqual(["datastoreCopies"]);
    expect(notes[0]).toBe(`demo.service restarts: the datastore is restored from backups/000001-${version}`);
    expect(notes[1]).toMatch(
      /^restores the datastore from backups\/000001-\S+ of \d{4}-.* UTC \(1 MB\): what was written since then is lost$/,
    );
    const before = await pid();
    state = await systemdService.update(test.context, "demo", state, inputs);
    expect(await pid()).not.toBe(before);
    expect(await stored()).toBe("then\nk3s-board\nstate.db\nstate.db-wal");
    expect(
      await test.sh(`cat ${db}/k3s-board/*/content/state.db; ls -A /var/lib/k3s-board/transactions 2>/dev/null || :`),
    ).toBe("now");

    vi.stubEnv(restoreVariable, `backups/000002-${version}`);
    state = await seen(state);
    expect(await failure(systemdService.update(test.context, "demo", state, inputs))).toMatch(
      /demo\.service did not become healthy/,
    );
    await expect.poll(() => test.sh("systemctl is-active demo || :"), { timeout: 30_000 }).toBe("active");
    expect(await test.sh(`cat ${db}/state.db`)).toBe("then");

    vi.stubEnv(restoreVariable, "backups/000009-v1.36.3");
    expect(await failure(systemdService.update(test.context, "demo", state, inputs))).toMatch(
      /nothing was restored: there is no copy/,
    );
    vi.stubEnv(restoreVariable, "");
    const same = await pid();
    expect(await systemdService.diff(await seen(state), inputs, () => false)).toMatchObject({ changed: [] });
    expect(await pid()).toBe(same);
    await systemdService.delete(test.context, "demo", state);
  });

  it("is not mixed with a change of the program", async () => {
    const source = join(test.scratch, "demo");
    writeFileSync(source, '#!/bin/sh\necho demo version v1.36.3+k3s1\n[ "$1" = --version ] || exec sleep infinity\n');
    const { unit: _unit, ...rest } = await service();
    const inputs = await checked(systemdService, {
      ...rest,
      unit: "[Service]\nExecStart=/opt/demo run\n[Install]\nWantedBy=multi-user.target\n",
      program: { path: "/opt/demo", source, version },
    });
    vi.stubEnv(restoreVariable, `backups/000001-${version}`);
    expect(await failure(systemdService.create(test.context, inputs))).toMatch(
      /nothing was restored: another k3s would take the place/,
    );
    expect(await test.sh("ls /opt/demo 2>&1 || :; cat " + db + "/state.db")).toMatch(/cannot access[^]*then$/);
  });
});
