import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ServiceInputs, ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { applyScript, type Transaction } from "../../provider/systemd/transaction";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { slowOn } from "./slow";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-confirmation");
}, 600_000);
afterAll(() => test.end());
const slow = slowOn(() => test);

const path = "/opt/demo/bin/demo";
const transaction = "/var/lib/k3s-board/transactions/demo";

/** A service with its program; what it is started with is in `level`, and `extra` was there before. */
function service(version: string, { extra = false, life = "exec sleep infinity" } = {}): Promise<ServiceInputs> {
  const source = join(test.scratch, `${version}-${life.length}`);
  writeFileSync(
    source,
    `#!/bin/sh\n[ "$1" != --version ] || { echo "demo version ${version} (test)"; exit 0; }\n${life}\n`,
  );
  return checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: `[Service]\nExecStart=${path} run\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
    program: { path, source, version },
    files: [
      { path: "/etc/demo/level", content: `${version}\n` },
      ...(extra ? [{ path: "/etc/demo/extra", content: "ours\n" }] : []),
    ],
    timeoutSeconds: 20,
  });
}

/** The state as a refresh finds it. */
async function seen(state: ServiceState): Promise<ServiceState> {
  return (await systemdService.read(test.context, "demo", state))?.state ?? state;
}
const there = `cat /etc/demo/level /etc/demo/extra; ${path} --version; systemctl is-active demo`;
const leftovers = `ls -A /opt/demo/bin; find /etc/systemd -name '*rollback*'; ls -A /var/lib/k3s-board/transactions 2>/dev/null
  systemctl list-units --all --no-legend 'k3s-board*'; :`;

beforeEach(async () => {
  // also after a test that failed
  await slow.end();
  await test.sh(
    "systemctl stop demo k3s-board-rollback-demo.timer 2>/dev/null; rm -rf /var/lib/k3s-board /opt/demo /etc/demo /etc/systemd/system/demo.service; systemctl daemon-reload",
  );
  await test.sh("mkdir -p /etc/demo; echo theirs >/etc/demo/extra");
  test.said.length = 0;
});

/** Does something that stands still at a moment, cuts the power there, and waits for the board. */
async function cut(work: (context: TestBoard["context"]) => Promise<unknown>): Promise<void> {
  const killed = test.another();
  const lost = failure(work(killed.context));
  await slow.reached();
  killed.close();
  await test.nspawn.powerCycle();
  await lost;
  await expect.poll(() => test.sh("systemctl is-active demo").catch(String), { timeout: 60_000 }).toBe("active");
  await slow.end();
}

async function end(state: ServiceState): Promise<void> {
  await systemdService.delete(test.context, "demo", state);
  expect(await test.sh("cat /etc/demo/extra; ls -A /etc/demo /var/lib/k3s-board /opt/demo 2>/dev/null; :")).toBe(
    "theirs\n/etc/demo:\nextra",
  );
}

describe("a confirmation", () => {
  it.each([
    ["the record of a file that is no longer ours went", "*original/*extra*"],
    ["the program of before went", "*k3s-board-old*k3s-board-new*"],
    ["half of what was saved had gone", "*transactions/demo"],
  ])("stands where the power went when %s, and the next run ends it", async (_when, pattern) => {
    const { state } = await systemdService.create(test.context, await service("v1.0.1", { extra: true }));
    const next = await service("v1.0.2");
    const before = await seen(state);
    await slow.at(
      "rm",
      pattern,
      `[ "${pattern}" != "*transactions/demo" ] || /usr/bin/rm -f ${transaction}/saved/*.file`,
    );
    await cut((context) => systemdService.update(context, "demo", before, next));
    const confirmed = "v1.0.2\ntheirs\ndemo version v1.0.2 (test)\nactive";
    expect(await test.sh(there)).toBe(confirmed);

    const pid = await test.sh("systemctl show -p MainPID --value demo");
    const found = await seen({ ...before, ...next });
    expect(await systemdService.diff(found, next, () => false)).toMatchObject({
      changed: ["running"],
      notes: ["what an interrupted change of demo.service left is removed; nothing restarts for that"],
    });
    const after = await systemdService.update(test.context, "demo", found, next);
    expect(await test.sh(there)).toBe(confirmed);
    expect(await test.sh(leftovers)).toBe("demo");
    expect(await test.sh("systemctl show -p MainPID --value demo")).toBe(pid);
    expect((await systemdService.diff(await seen(after), next, () => false)).changed).toEqual([]);
    await end(after);
  });

  it("that did not come so far is taken back", async () => {
    const good = await service("v1.0.1", { extra: true });
    const { state } = await systemdService.create(test.context, good);
    const before = await seen(state);
    await slow.at("mv", "*triggers*");
    const next = await service("v1.0.2");
    await cut((context) => systemdService.update(context, "demo", before, next));
    expect(await test.sh(there)).toBe("v1.0.1\nours\ndemo version v1.0.1 (test)\nactive");
    expect(await test.sh(leftovers)).toBe("demo");
    await end(await systemdService.update(test.context, "demo", await seen(before), next));
  });

  it("is ended by a deletion as well", async () => {
    const { state } = await systemdService.create(test.context, await service("v1.0.1", { extra: true }));
    const next = await service("v1.0.2");
    const before = await seen(state);
    await slow.at("rm", "*original/*extra*");
    await cut((context) => systemdService.update(context, "demo", before, next));
    await end(await seen({ ...before, ...next }));
  });
});

describe("a change that is not confirmed yet", () => {
  it("keeps its timer, its unit for the boot and its records where another run wants to begin", async () => {
    const { state } = await systemdService.create(test.context, await service("v1.0.1", { extra: true }));
    const health = { kind: "http" as const, url: "http://127.0.0.1:9/" };
    const away = test.another();
    const waiting = { ...(await service("v1.0.2")), health, timeoutSeconds: 300 };
    const lost = failure(systemdService.update(away.context, "demo", await seen(state), waiting));
    await expect.poll(() => test.sh(there).catch(String), { timeout: 20_000 }).toContain("v1.0.2 (test)\nactive");
    const look =
      "cd /var/lib/k3s-board; find original transactions; find /etc/systemd -name '*rollback*'; systemctl is-active k3s-board-rollback-demo.timer";
    const before = await test.sh(look);
    expect(before).toMatch(/k3s-board-boot-rollback-demo.service\nactive$/);
    const another: Transaction = {
      name: "demo",
      write: [{ path: "/etc/demo/level", content: "other\n", mode: "0644", owner: "root", group: "root" }],
      putBack: [],
      program: { path, sha256: "0".repeat(64), version: "", swap: true },
      enabled: true,
      restart: true,
      stop: false,
      needsDaemonReload: false,
      triggers: "",
      rollbackSeconds: 100,
    };
    const refused = await test.board.run(applyScript(another), { purpose: "beginning", stdin: Buffer.from("other\n") });
    expect([refused.code, refused.stderr]).toEqual([1, "an earlier change of demo.service is not settled\n"]);
    expect(await test.sh(look)).toBe(before);
    away.close();
    await lost;
    await end(await seen(state));
  });
});

describe("a roll-back", () => {
  it("is not done again where the power went when half of what was saved had gone", async () => {
    const good = await service("v1.0.1", { extra: true });
    const { state } = await systemdService.create(test.context, good);
    const before = await seen(state);
    await slow.at("rm", "*transactions/demo", `/usr/bin/rm -f ${transaction}/saved/*.file`);
    const bad = await service("v1.0.2", { life: "exit 1" });
    await cut((context) => systemdService.update(context, "demo", before, bad));
    const back = "v1.0.1\nours\ndemo version v1.0.1 (test)\nactive";
    expect(await test.sh(there)).toBe(back);
    const after = await systemdService.update(test.context, "demo", await seen(before), good);
    expect(await test.sh(there)).toBe(back);
    expect(await test.sh(leftovers)).toBe("demo");
    await end(after);
  });
});
