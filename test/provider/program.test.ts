import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { file } from "../../provider/files/file";
import { stageScript } from "../../provider/systemd/program-script";
import type { ServiceInputs } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { slowStdin } from "./slow-stdin";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-program");
}, 600_000);
afterAll(() => test.end());

const mainPid = () => test.sh("systemctl show -p MainPID --value demo.service");
const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");

/** What a program says that has twelve flags, and others besides. */
const help = (...flags: string[]) =>
  [...Array.from({ length: 12 }, (_, index) => `flag-${index}`), ...flags]
    .map((flag) => `   --${flag} value  (test) a flag`)
    .join("\n");

/** A program that says, before it lives, which flags its command `run` has. */
const helpful = (...flags: string[]) =>
  `[ "$1 $2" != "run --help" ] || { cat <<'E'\n${help(...flags)}\nE\nexit 0; }\nexec sleep infinity`;

/** A program of some version on this machine; it lives until it is killed, unless it is a bad one. */
function programFile(name: string, version: string, life = "exec sleep infinity"): string {
  const path = join(test.scratch, name);
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" != --version ] || { echo "demo version ${version} (test)"; exit 0; }\n${life}\n# ${"x".repeat(20_000)}\n`,
  );
  return path;
}

describe("the program of a service", () => {
  const path = "/opt/demo/bin/demo";
  const withProgram = (source: string, version?: string, changes: object = {}): Promise<ServiceInputs> =>
    checked(systemdService, {
      connection: test.connection,
      name: "demo",
      unit: `[Service]\nExecStart=${path} run\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
      program: { path, source, ...(version === undefined ? {} : { version }) },
      timeoutSeconds: 20,
      ...changes,
    });
  const versionThere = () => test.sh(`${path} --version; ls -A /opt/demo/bin`);

  it("is tried, swapped with the rest, and goes with the service", async () => {
    const first = await withProgram(programFile("one", "v1.0.1+x1"), "v1.0.1");
    let { state } = await systemdService.create(test.context, first);
    expect(await versionThere()).toBe("demo version v1.0.1+x1 (test)\ndemo");
    const trips = test.board.roundTrips;
    const found = await systemdService.read(test.context, "demo", state);
    expect(test.board.roundTrips - trips).toBe(1);
    expect(found?.inputs).toEqual(first);
    expect(await systemdService.diff(found?.state ?? state, first, () => false)).toMatchObject({ changed: [] });

    const pid = await mainPid();
    const second = await withProgram(programFile("two", "v1.1.0+x1"), "v1.1.0+x1");
    expect((await systemdService.diff(state, second, () => false)).notes?.[0]).toBe(
      `demo.service restarts: ${path} changes`,
    );
    state = await systemdService.update(test.context, "demo", state, second);
    expect(await versionThere()).toBe("demo version v1.1.0+x1 (test)\ndemo");
    expect(await mainPid()).not.toBe(pid);

    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh("ls -d /opt/demo 2>&1; true")).toBe(
      "ls: cannot access '/opt/demo': No such file or directory",
    );
    expect(await kept()).toBe("");
  });

  it("that is of another version, or does not run, is refused before anything is swapped", async () => {
    const good = await withProgram(programFile("good", "v1.0.1"), "v1.0.1");
    const { state } = await systemdService.create(test.context, good);
    const pid = await mainPid();
    const other = await withProgram(programFile("other", "v1.0.3"), "v1.0.2");
    const message = await failure(systemdService.update(test.context, "demo", state, other));
    expect(message).toMatch(/\/opt\/demo\/bin\/demo was not replaced: .*\/other is v1.0.3, and v1.0.2 is configured/);

    const foreign = join(test.scratch, "foreign");
    writeFileSync(
      foreign,
      Buffer.concat([readFileSync("/bin/true").subarray(0, 18), Buffer.from([0xf3, 0]), Buffer.alloc(64)]),
    );
    const wrong = await failure(
      systemdService.update(test.context, "demo", state, await withProgram(foreign, "v1.0.2")),
    );
    expect(wrong).toMatch(/demo was not replaced: it does not run on this board \(exit \d+\)/);
    expect(await mainPid()).toBe(pid);
    expect(await versionThere()).toBe("demo version v1.0.1 (test)\ndemo");
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");

    expect(await failure(systemdService.create(test.context, other))).toContain("v1.0.2 is configured");
    expect(await test.sh("ls -d /opt/demo 2>&1; true")).toContain("No such file");
    expect(await kept()).toBe("");
  });

  it("whose help lacks a flag that it is started with is refused before anything is swapped, staged or in its place", async () => {
    const flags = (...names: string[]) => ({ flags: { program: path, command: "run", names } });
    const level = (content: string) => ({ files: [{ path: "/etc/demo/level", content }] });
    const knows = programFile("knows", "v1.0.1", helpful("shiny-new"));
    const good = await withProgram(knows, "v1.0.1", { ...flags("flag-1", "shiny-new"), ...level("1\n") });
    const { state } = await systemdService.create(test.context, good);
    const pid = await mainPid();
    const there = () => test.sh(`cat /etc/demo/level; ${path} --version; ls -A /opt/demo/bin`);
    const before = await there();

    const lacks = programFile("lacks", "v1.0.2", helpful());
    const other = await withProgram(lacks, "v1.0.2", { ...flags("flag-1", "shiny-new"), ...level("2\n") });
    expect(await failure(systemdService.update(test.context, "demo", state, other))).toContain(
      `${path} was not replaced: it would be started with what \`demo run --help\` does not list: --shiny-new`,
    );
    const misspelt = await withProgram(knows, "v1.0.1", { ...flags("shiny-newer"), ...level("2\n") });
    expect(await failure(systemdService.update(test.context, "demo", state, misspelt))).toContain(
      "demo.service was not changed: it would be started with what `demo run --help` does not list: --shiny-newer (did you mean shiny-new?)",
    );
    expect(await there()).toBe(before);
    expect(await mainPid()).toBe(pid);
    // nothing of it is left, and other flags alone are no change
    const found = await systemdService.read(test.context, "demo", state);
    const same = await withProgram(knows, "v1.0.1", { ...flags("flag-2"), ...level("1\n") });
    expect(await systemdService.diff(found?.state ?? state, same, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });

  it("that does not fit on the disk is refused before anything is written", async () => {
    await test.sh("mkdir -p /mnt/small; mount -t tmpfs -o size=4m tmpfs /mnt/small");
    const source = programFile("big", "v1.0.1", `exec sleep infinity\n# ${"x".repeat(5_000_000)}`);
    const wanted = await withProgram(source, "v1.0.1", {
      unit: "[Service]\nExecStart=/mnt/small/demo run\n",
      program: { path: "/mnt/small/demo", source, version: "v1.0.1" },
    });
    expect(await failure(systemdService.create(test.context, wanted))).toMatch(
      /\/mnt\/small\/demo was not replaced: no space: it needs \d+ KiB, \/mnt\/small has \d+ KiB left/,
    );
    expect(await test.sh("ls -A /mnt/small; umount /mnt/small; systemctl show -p LoadState --value demo.service")).toBe(
      "not-found",
    );
    expect(await kept()).toBe("");
  });

  it("that may not follow the one that is there is refused, whoever put that there", async () => {
    await test.sh(
      `mkdir -p /opt/demo/bin; printf '#!/bin/sh\\necho demo version v1.34.9+x1\\n' >${path}; chmod 0755 ${path}`,
    );
    const upgrade = { kind: "kubernetes", allowDowngrade: false };
    const source = programFile("newer", "v1.36.1");
    const wanted = await withProgram(source, "v1.36.1", { program: { path, source, version: "v1.36.1", upgrade } });
    expect(await failure(systemdService.create(test.context, wanted))).toContain(
      "it cannot go from v1.34.9+x1 to v1.36.1 in one step, Kubernetes goes up one minor version at a time: go to v1.35 first",
    );
    expect(await test.sh(`${path}; ls -A /opt/demo/bin; rm -r /opt/demo`)).toBe("demo version v1.34.9+x1\ndemo");
    expect(await kept()).toBe("");

    // in a preview it is seen from the version that was recorded at the last start
    const before = await withProgram(programFile("old", "v1.34.9"), "v1.34.9");
    expect((await systemdService.check?.(wanted, before))?.problems).toEqual([
      { property: "program.version", reason: expect.stringContaining("go to v1.35 first") as string },
    ]);
  });

  it("that does not start comes back: the old one, with what it replaced", async () => {
    await test.sh(`mkdir -p /opt/demo/bin; echo theirs >${path}; chmod 0750 ${path}`);
    const good = await withProgram(programFile("good", "v1.0.1"), "v1.0.1");
    const { state } = await systemdService.create(test.context, good);
    const inode = await test.sh(`stat -c %i ${path}`);
    const bad = await withProgram(programFile("bad", "v1.0.2", 'echo "level=fatal no database"; exit 1'), "v1.0.2");
    const message = await failure(systemdService.update(test.context, "demo", state, bad));
    expect(message).toContain("level=fatal no database");
    expect(message).toContain(`The previous files are back (${path}), and demo.service is healthy again`);
    expect(await versionThere()).toBe("demo version v1.0.1 (test)\ndemo");
    // it was never copied: the same file has its name again
    expect(await test.sh(`stat -c %i ${path}`)).toBe(inode);
    const found = await systemdService.read(test.context, "demo", state);
    expect(await systemdService.diff(found?.state ?? state, good, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh(`cat ${path}; stat -c %a ${path}; ls -A /opt/demo/bin; rm -r /opt/demo`)).toBe(
      "theirs\n750\ndemo",
    );
    expect(await kept()).toBe("");

    expect(await failure(systemdService.create(test.context, bad))).toContain("What was new is removed again");
    expect(await test.sh("ls -d /opt/demo 2>&1; true")).toContain("No such file");
    expect(await kept()).toBe("");
  });

  it("is not sent again where it arrived before the run was killed", async () => {
    const source = programFile("staged", "v1.0.1");
    await test.sh(
      "mkdir -p /opt/demo/bin; cat >/opt/demo/bin/.demo.k3s-board-new <<'E'\n" +
        readFileSync(source, "utf8") +
        "E\nchmod 0600 /opt/demo/bin/.*new",
    );
    const inode = await test.sh("stat -c %i /opt/demo/bin/.demo.k3s-board-new");
    const { state } = await systemdService.create(test.context, await withProgram(source, "v1.0.1"));
    expect(await test.sh(`stat -c '%i %a' ${path}`)).toBe(`${inode} 755`);
    await systemdService.delete(test.context, "demo", state);
    await test.sh("rm -r /opt/demo");
    expect(await kept()).toBe("");
  });

  it("that was left behind on its way takes nothing away from the next one", async () => {
    await test.sh(`mkdir -p /opt/demo/bin; echo theirs >${path}`);
    const { stdin, end } = slowStdin("half");
    const goal = { path, sha256: "0".repeat(64), size: 8, mode: "0755", owner: "root", group: "root" };
    const left = test.board.run(stageScript(goal, "plain", false), { purpose: "staging slowly", stdin });
    await expect.poll(() => test.sh("ls -A /opt/demo/bin")).toContain(".demo.k3s-board-new");
    const creating = systemdService.create(test.context, await withProgram(programFile("next", "v1.0.1"), "v1.0.1"));
    // it is in its place, and not confirmed yet
    await expect.poll(() => test.sh(`${path} --version 2>/dev/null || :`), { timeout: 20_000 }).toContain("v1.0.1");
    end("");
    expect((await left).code).not.toBe(0);
    const { state } = await creating;
    expect(await versionThere()).toBe("demo version v1.0.1 (test)\ndemo");
    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh(`cat ${path}; ls -A /opt/demo/bin; rm -r /opt/demo`)).toBe("theirs\ndemo");
    expect(await kept()).toBe("");
  });

  it("is shown where it was replaced by hand, by its content and by what runs", async () => {
    const good = await withProgram("/bin/sleep", undefined, {
      unit: `[Service]\nExecStart=${path} infinity\n[Install]\nWantedBy=multi-user.target\n`,
    });
    const { state } = await systemdService.create(test.context, good);
    const notes = async () => {
      const found = await systemdService.read(test.context, "demo", state);
      return (await systemdService.diff(found?.state ?? state, good, () => false)).notes?.[0];
    };
    await test.sh(`cp ${path} /opt/kept; cp ${path} /opt/copy; echo more >>/opt/copy; mv /opt/copy ${path}`);
    expect(await notes()).toBe(`demo.service restarts: ${path} changes`);
    // the same bytes as before, and still not what runs
    await test.sh(`mv /opt/kept ${path}`);
    expect(await notes()).toBe(`demo.service restarts: ${path} was replaced after it started`);
    const found = await systemdService.read(test.context, "demo", state);
    const pid = await mainPid();
    const mended = await systemdService.update(test.context, "demo", found?.state ?? state, good);
    expect(await mainPid()).not.toBe(pid);
    expect(await notes()).toBeUndefined();
    await systemdService.delete(test.context, "demo", mended);
    expect(await kept()).toBe("");
  });

  it("that was a resource of its own moves into the service without a restart, and is not deleted with it", async () => {
    const source = programFile("own", "v1.0.1");
    const asFile = await checked(file, { connection: test.connection, path, source, mode: "0755" });
    const own = await file.create(test.context, asFile);
    const { program: _program, ...before } = await withProgram(source);
    const old = await systemdService.create(test.context, {
      ...before,
      restartTriggers: { binary: asFile.sha256 ?? "" },
    });
    const pid = await mainPid();
    const wanted = await withProgram(source, "v1.0.1");
    expect(await systemdService.diff(old.state, wanted, () => false)).toMatchObject({
      changed: ["program"],
      notes: [expect.stringContaining("stays as it is and belongs to the service from now on")],
    });
    const state = await systemdService.update(test.context, "demo", old.state, wanted);
    await file.delete(test.context, path, own.state);
    expect(await mainPid()).toBe(pid);
    expect(await versionThere()).toBe("demo version v1.0.1 (test)\ndemo");
    const found = await systemdService.read(test.context, "demo", state);
    expect(await systemdService.diff(found?.state ?? state, wanted, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, "demo", state);
    expect(await test.sh("ls -d /opt/demo 2>&1; true")).toContain("No such file");
    expect(await kept()).toBe("");
  });

  it("and its files are back before it starts, where the power went between swap and confirmation", async () => {
    const level = (content: string) => ({ files: [{ path: "/etc/demo/level", content }], timeoutSeconds: 300 });
    const good = await withProgram(programFile("good", "v1.0.1"), "v1.0.1", level("1\n"));
    const { state } = await systemdService.create(test.context, good);
    const bad = await withProgram(programFile("bad", "v1.0.2", "exit 1"), "v1.0.2", level("2\n"));
    const killed = test.another();
    const lost = failure(systemdService.update(killed.context, "demo", state, bad));
    while (
      (await test.sh("cat /etc/demo/level; ls /etc/systemd/system/multi-user.target.wants | grep boot || :")) !==
      "2\nk3s-board-boot-rollback-demo.service"
    )
      await sleep(100);
    killed.close();
    await test.nspawn.powerCycle();
    await lost;
    const look = `cat /etc/demo/level; ${path} --version; ls -A /opt/demo/bin; systemctl is-active demo
      find /etc/systemd /var/lib/k3s-board -name '*rollback*' -o -name transactions; systemctl list-units --all --no-legend 'k3s-board*'`;
    await expect
      .poll(() => test.sh(look).catch(String), { timeout: 60_000, interval: 1000 })
      .toBe("1\ndemo version v1.0.1 (test)\ndemo\nactive");
    // it was never started with what was new
    expect(await test.sh("journalctl -b -u demo -o cat | grep -c 'Main process exited' || :")).toBe("0");
    const found = await systemdService.read(test.context, "demo", state);
    expect(await systemdService.diff(found?.state ?? state, good, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, "demo", state);
    expect(await kept()).toBe("");
  });
});
