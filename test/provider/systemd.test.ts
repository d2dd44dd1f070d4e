import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PartialFailure } from "../../provider/resource";
import { systemdService } from "../../provider/systemd/service";
import type { ServiceInputs, ServiceState } from "../../provider/systemd/schema";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { startCutProxy } from "./cut-proxy";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-systemd");
}, 600_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});

/** A service that lives as long as its configuration is good. */
const unit = `[Unit]
Description=Test service
[Service]
ExecStart=/bin/sh -c '. /etc/demo/demo.conf; [ "$good" = yes ] || { echo "level=fatal msg=\\"flag provided but not defined: $flag $token\\"" >&2; exit 1; }; exec sleep infinity'
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;

function demo(changes: object = {}, conf = "good=yes\n"): Promise<ServiceInputs> {
  return checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit,
    files: [{ path: "/etc/demo/demo.conf", content: conf, mode: "0600" }],
    timeoutSeconds: 20,
    ...changes,
  });
}

const mainPid = () => test.sh("systemctl show -p MainPID --value demo.service");
const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");

describe("a service of ours", () => {
  it("starts, is found as it is, and goes without a trace", async () => {
    const wanted = await demo();
    const { id, state } = await systemdService.create(test.context, wanted);
    expect(await test.sh("systemctl is-active demo; systemctl is-enabled demo; stat -c %a /etc/demo/demo.conf")).toBe(
      "active\nenabled\n600",
    );
    const trips = test.board.roundTrips;
    const found = await systemdService.read(test.context, id, state);
    expect(test.board.roundTrips - trips).toBe(1);
    expect(found?.inputs).toEqual(wanted);
    expect(await systemdService.diff(found?.state ?? state, wanted, () => false)).toMatchObject({ changed: [] });

    await systemdService.delete(test.context, id, state);
    expect(
      await test.sh(
        "ls /etc/demo /etc/systemd/system/demo.service 2>&1; systemctl list-units --all 'demo*' 'k3s-board*' --no-legend; find /etc/systemd -name '*demo*'; true",
      ),
    ).toBe(
      "ls: cannot access '/etc/demo': No such file or directory\nls: cannot access '/etc/systemd/system/demo.service': No such file or directory",
    );
    expect(await kept()).toBe("");
    expect(await systemdService.read(test.context, id, state)).toBeUndefined();
  });

  it("that was removed by hand comes back, and gives back what was there before it", async () => {
    await test.sh("mkdir -p /etc/demo; echo before >/etc/demo/demo.conf");
    const wanted = await demo();
    const { id, state } = await systemdService.create(test.context, wanted);
    await test.sh(
      "systemctl disable -q --now demo; rm -r /etc/demo /etc/systemd/system/demo.service*; systemctl daemon-reload",
    );
    const found = (await systemdService.read(test.context, id, state))?.state ?? state;
    expect(await systemdService.diff(found, wanted, () => false)).toMatchObject({
      changed: expect.arrayContaining(["files", "running"]) as string[],
    });
    const again = await systemdService.update(test.context, id, found, wanted);
    expect((await systemdService.read(test.context, id, again))?.inputs).toEqual(wanted);
    await systemdService.delete(test.context, id, again);
    expect(await test.sh("cat /etc/demo/demo.conf; rm -r /etc/demo")).toBe("before");
    expect(await kept()).toBe("");
  });

  it("restarts once for contents and triggers, not for modes, and says so before", async () => {
    const first = await demo();
    let { state } = await systemdService.create(test.context, first);
    const pid = await mainPid();

    const mode = await demo({ files: [{ path: "/etc/demo/demo.conf", content: "good=yes\n", mode: "0640" }] });
    expect(await systemdService.diff(state, mode, () => false)).toMatchObject({
      changed: ["files"],
      notes: ["/etc/demo/demo.conf gets mode 0640 and owner root:root; nothing restarts for that"],
    });
    state = await systemdService.update(test.context, "demo", state, mode);
    expect(await mainPid()).toBe(pid);
    expect(await test.sh("stat -c %a /etc/demo/demo.conf")).toBe("640");

    const content = await demo({}, "good=yes\nmore=1\n");
    expect(await systemdService.diff(state, content, () => false)).toMatchObject({
      changed: ["files"],
      notes: [
        "demo.service restarts: /etc/demo/demo.conf changes",
        "/etc/demo/demo.conf changes:\n  good=yes\n+ more=1",
      ],
    });
    state = await systemdService.update(test.context, "demo", state, content);
    const second = await mainPid();
    expect(second).not.toBe(pid);

    const trigger = await demo({ restartTriggers: { binary: "abc" } }, "good=yes\nmore=1\n");
    expect(await systemdService.diff(state, trigger, () => false)).toMatchObject({
      notes: ["demo.service restarts: binary changes"],
    });
    state = await systemdService.update(test.context, "demo", state, trigger);
    expect(await mainPid()).not.toBe(second);

    // Whoever lost the state of the stack finds all as wanted, and nothing restarts.
    const third = await mainPid();
    await systemdService.create(test.context, trigger);
    expect(await mainPid()).toBe(third);
    await systemdService.delete(test.context, "demo", state);
  });

  it("shows what was changed by hand, and mends it", async () => {
    const wanted = await demo();
    const { state } = await systemdService.create(test.context, wanted);
    await test.sh("echo 'good=yes # by hand' >/etc/demo/demo.conf; systemctl stop demo; systemctl disable demo");
    const found = await systemdService.read(test.context, "demo", state);
    const difference = await systemdService.diff(found?.state ?? state, wanted, () => false);
    expect(difference.changed).toEqual(["files", "enabled", "running"]);
    expect(difference.notes).toEqual([
      "demo.service starts: /etc/demo/demo.conf changes, it is not running",
      "demo.service is enabled: it starts at boot",
      "/etc/demo/demo.conf changes:\n- good=yes # by hand\n+ good=yes",
    ]);
    await systemdService.update(test.context, "demo", found?.state ?? state, wanted);
    expect(await test.sh("cat /etc/demo/demo.conf; systemctl is-active demo; systemctl is-enabled demo")).toBe(
      "good=yes\nactive\nenabled",
    );
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });
});

describe("a change that was not told", () => {
  it("is refused before anything is touched", async () => {
    const { state } = await systemdService.create(test.context, await demo());
    const pid = await mainPid();
    const untold = { ...test.context, isTold: () => false };
    const other = await demo({}, "good=yes # other\n");
    expect(await failure(systemdService.update(untold, "demo", state, other))).toContain(
      "demo.service would restart, which the preview did not say: /etc/demo/demo.conf changes",
    );
    expect(await failure(systemdService.update(untold, "demo", state, await demo({ running: false })))).toContain(
      "demo.service would stop, which the preview did not say: it runs",
    );
    expect(await test.sh("cat /etc/demo/demo.conf")).toBe("good=yes");
    // A mode interrupts nothing.
    const files = [{ path: "/etc/demo/demo.conf", content: "good=yes\n", mode: "0640" }];
    await systemdService.update(untold, "demo", state, await demo({ files }));
    expect(await test.sh("stat -c %a /etc/demo/demo.conf")).toBe("640");
    expect(await mainPid()).toBe(pid);
    await systemdService.delete(test.context, "demo", state);
  });
});

describe("a restart", () => {
  it("is told with its command and with what the process does not know", async () => {
    const { state } = await systemdService.create(test.context, await demo());
    const dropIn = "/etc/systemd/system/demo.service.d/90-mine.conf";
    await test.sh(`sleep 2; mkdir -p ${dropIn.slice(0, dropIn.lastIndexOf("/"))}; echo 'good=yes # by hand' >/etc/demo/demo.conf
printf '[Service]\\nEnvironment=MINE=1\\n' >${dropIn}`);
    const wanted = await demo({ unit: unit.replace("exec sleep infinity", "exec sleep 3600") });
    const notes = await systemdService.consequences?.(test.context, wanted, () => false, state);
    expect(notes).toEqual([
      expect.stringMatching(/^ExecStart of demo.service, as systemd will have it:\n[^]*- infinity'\n\+ 3600'$/),
      "systemd runs demo.service by unit files that have changed since (NeedDaemonReload)",
      "demo.service runs with what /etc/demo/demo.conf was before: the file is newer than the process",
    ]);
    await test.sh(`rm -r ${dropIn.slice(0, dropIn.lastIndexOf("/"))}`);
    await systemdService.delete(test.context, "demo", state);
  });
});

describe("a bad change", () => {
  it("is rolled back, with the journal's reason and without the secret", async () => {
    const good = await demo();
    const { state } = await systemdService.create(test.context, good);
    const bad = await demo({ timeoutSeconds: 60 }, "good=no\nflag=-no-such-flag\ntoken=s3cret-token\n");
    const started = Date.now();
    const message = await failure(systemdService.update(test.context, "demo", state, bad));
    expect(message).toMatch(/demo\.service did not become healthy within [12]?\d s: /);
    expect(message).toContain("flag provided but not defined: -no-such-flag ***");
    expect(message).toContain("The previous files are back (/etc/demo/demo.conf), and demo.service is healthy again");
    expect(message).not.toContain("s3cret-token");
    // It is seen from its restarts, not waited for to the end.
    expect(Date.now() - started).toBeLessThan(30_000);
    expect(
      await test.sh(
        "cat /etc/demo/demo.conf; systemctl is-active demo; systemctl list-timers --all --no-legend 'k3s-board*'; ls /var/lib/k3s-board",
      ),
    ).toBe("good=yes\nactive\ndirectories\nlock\noriginal\nservices");
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });

  it("of a new service leaves nothing", async () => {
    const message = await failure(systemdService.create(test.context, await demo({}, "good=no\nflag=-x\n")));
    expect(message).toContain("What was new is removed again");
    expect(await test.sh("find /etc -name '*demo*'; systemctl list-units --all 'demo*' --no-legend")).toBe("");
    expect(await kept()).toBe("");
  });

  it.each(["cancelled", "lost"])(
    "of a new service is known to the engine where the run was %s meanwhile",
    async (how) => {
      const proxy = await startCutProxy(test.connection.port);
      const away = test.another({ port: proxy.port });
      const health = { kind: "http", url: "http://127.0.0.1:8124/" };
      const wanted = await demo({ health, timeoutSeconds: how === "lost" ? 20 : 300 });
      const creating = systemdService.create(away.context, wanted).catch((error: unknown) => error);
      while ((await test.sh("systemctl is-active demo || :")) !== "active") await sleep(200);
      if (how === "lost") proxy.cut("reset");
      else away.close();
      const error = await creating;
      proxy.close();
      expect(error).toBeInstanceOf(PartialFailure);
      const { id, state } = error as PartialFailure & { readonly state: ServiceState };
      expect(state).toMatchObject({ ...wanted, unsettled: true });
      await systemdService.delete(test.context, id, state);
      expect(
        await test.sh("find /etc -name '*demo*'; systemctl list-units --all 'demo*' 'k3s-board*' --no-legend"),
      ).toBe("");
      expect(await kept()).toBe("");
    },
  );

  it("that systemd itself refuses is never begun", async () => {
    const good = await demo();
    const { state } = await systemdService.create(test.context, good);
    const pid = await mainPid();
    const broken = await demo({ unit: unit.replace("/bin/sh -c", "/no/such/program") });
    const message = await failure(systemdService.update(test.context, "demo", state, broken));
    expect(message).toContain("systemd refuses the unit");
    expect(message).toContain("/no/such/program");
    expect(message).toContain("Everything is as it was before");
    expect(await mainPid()).toBe(pid);
    expect(await test.sh("find /etc -name '.*k3s-board*'; ls /var/lib/k3s-board/transactions 2>/dev/null; true")).toBe(
      "",
    );
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });

  it("is rolled back by the board when we are gone, and the next run begins anew", async () => {
    const good = await demo();
    const { state } = await systemdService.create(test.context, good);
    const killed = test.another();
    // The timer fires 100 s after the time-out: with the shortest one.
    const bad = await demo({ timeoutSeconds: 1 }, "good=no\nflag=-x\n");
    const lost = failure(systemdService.update(killed.context, "demo", state, bad));
    while ((await test.sh("cat /etc/demo/demo.conf")) === "good=yes") await sleep(200);
    killed.close();
    await lost;
    expect(await test.sh("cat /etc/demo/demo.conf")).toContain("good=no");
    const during = await systemdService.read(test.context, "demo", state);
    expect(during?.state.unsettled).toBe(true);
    expect((await systemdService.diff(during?.state ?? state, good, () => false)).changed).toContain("running");
    await expect
      .poll(() => test.sh("cat /etc/demo/demo.conf; systemctl is-active demo; ls /var/lib/k3s-board"), {
        timeout: 130_000,
        interval: 2000,
      })
      .toBe("good=yes\nactive\ndirectories\nlock\noriginal\nservices");
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  }, 200_000);

  it("that was interrupted is settled by the next run", async () => {
    const good = await demo();
    const { state } = await systemdService.create(test.context, good);
    const killed = test.another();
    const lost = failure(
      systemdService.update(killed.context, "demo", state, await demo({ timeoutSeconds: 100 }, "good=no\nflag=-x\n")),
    );
    while ((await test.sh("cat /etc/demo/demo.conf")) === "good=yes") await sleep(200);
    killed.close();
    await lost;
    const next = await demo({}, "good=yes\nnext=1\n");
    await systemdService.update(test.context, "demo", state, next);
    expect(test.said).toContain("warning: demo.service: an earlier change was interrupted; it is taken back first");
    expect(
      await test.sh(
        "cat /etc/demo/demo.conf; systemctl is-active demo; systemctl list-timers --all --no-legend 'k3s-board*'",
      ),
    ).toBe("good=yes\nnext=1\nactive");
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });
});

describe("a service that was there before", () => {
  it("gets its files and its state back", async () => {
    await test.sh(`mkdir -p /etc/demo /etc/systemd/system/demo.service.d
echo good=yes >/etc/demo/demo.conf; chmod 0604 /etc/demo/demo.conf; chown 7:8 /etc/demo/demo.conf
cat >/etc/systemd/system/demo.service <<'E'
${unit.replace("Test service", "The distribution's")}E
systemctl daemon-reload; systemctl start demo`);
    const before = await test.sh(
      "stat -c '%a %u %g %Y' /etc/demo/demo.conf; sha256sum /etc/systemd/system/demo.service",
    );
    const dropIn = {
      path: "/etc/systemd/system/demo.service.d/10-board.conf",
      content: "[Service]\nEnvironment=A=1\n",
    };
    const wanted = await demo({
      unit: undefined,
      files: [dropIn, { path: "/etc/demo/demo.conf", content: "good=yes\nours=1\n" }],
    });
    const { state } = await systemdService.create(test.context, wanted);
    expect(await test.sh("systemctl show -p Environment --value demo; systemctl is-enabled demo")).toBe("A=1\nenabled");

    // A file that leaves the list gets back what was there, without an end of the service.
    const fewer = await demo({ unit: undefined, files: [dropIn] });
    const state2 = await systemdService.update(test.context, "demo", state, fewer);
    expect(await test.sh("cat /etc/demo/demo.conf; stat -c %a /etc/demo/demo.conf")).toBe("good=yes\n604");

    await systemdService.delete(test.context, "demo", state2);
    expect(await test.sh("stat -c '%a %u %g %Y' /etc/demo/demo.conf; sha256sum /etc/systemd/system/demo.service")).toBe(
      before,
    );
    // It is started without waiting: how long it takes is the business of whoever had it before.
    await expect.poll(() => test.sh("systemctl is-active demo || :"), { timeout: 30_000 }).toBe("active");
    const look =
      "systemctl is-enabled demo; systemctl show -p Environment --value demo; ls -d /etc/systemd/system/demo.service.d";
    expect(await test.sh(`${look} || :`)).toBe("disabled\n\n/etc/systemd/system/demo.service.d");
    expect(await kept()).toBe("");
    await test.sh("systemctl stop demo; rm -r /etc/demo /etc/systemd/system/demo.service*; systemctl daemon-reload");
  });
});

describe("health by http", () => {
  it("waits for an answer as seen from the board", async () => {
    const script = [
      "sleep 4; $$n = chr(13) . chr(10)",
      '$$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8123, Listen => 5, ReuseAddr => 1)',
      'while ($$c = $$s->accept) { 1 until <$$c> eq $$n; print $$c "HTTP/1.0 401 No$${n}$$n"; close $$c }',
    ].join("; ");
    const server = `[Service]\nExecStart=/usr/bin/perl -MIO::Socket::INET -e '${script}'\n[Install]\nWantedBy=multi-user.target\n`;
    const wanted = await demo({ unit: server, files: [], health: { kind: "http", url: "http://127.0.0.1:8123/v2/" } });
    const started = Date.now();
    const { state } = await systemdService.create(test.context, wanted);
    expect(Date.now() - started).toBeGreaterThan(4000);
    await systemdService.delete(test.context, "demo", state);

    const wrong = await demo({
      unit: server,
      files: [],
      timeoutSeconds: 8,
      health: { kind: "http", url: "http://127.0.0.1:8124/" },
    });
    expect(await failure(systemdService.create(test.context, wrong))).toMatch(
      /active \(running\); http:\/\/127.0.0.1:8124\/: .*nothing answers/,
    );
  });
});
