import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getProgramFunction } from "../../provider/facts/get-program";
import type { ServiceInputs } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { k3sDropIn } from "../../components/k3s/unit";
import { checked, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-installed");
}, 600_000);
afterAll(() => test.end());
beforeEach(async () => {
  test.said.length = 0;
  await test.sh(installed("v1.36.3+k3s1"));
});

const binary = "/usr/local/bin/k3s";
const dropIn = {
  path: "/etc/systemd/system/k3s.service.d/10-k3s-board.conf",
  content: k3sDropIn({ binary, disable: ["traefik"], pauseImage: "p", isForeignUnit: true }),
};
const config = { path: "/etc/rancher/k3s/config.yaml.d/50-k3s-board.yaml", content: "tls-san: [b]\n", mode: "0600" };

/** A program in k3s's place; a start of it says with what. */
const program = (version: string) =>
  `#!/bin/sh\n[ "$1" != --version ] || { echo "k3s version ${version} (0123)"; exit 0; }\necho "runs: $* url=$K3S_NODE_NAME"\nexec sleep infinity\n`;

/** The board as k3s's own install.sh leaves it: binary, links, scripts, unit with its arguments, environment; enabled, and it runs. */
const installed = (version: string) => `put() { cat >"$1" && chmod "$2" "$1"; }
rm -rf /etc/systemd/system/k3s.service.d /etc/rancher
put ${binary} 0755 <<'E'
${program(version)}E
for command in kubectl crictl ctr; do ln -sf k3s /usr/local/bin/$command; done
for script in k3s-killall.sh k3s-uninstall.sh; do printf '#!/bin/sh\\n' | put /usr/local/bin/$script 0755; done
printf 'K3S_NODE_NAME=n1\\n' | put /etc/systemd/system/k3s.service.env 0600
put /etc/systemd/system/k3s.service 0644 <<'E'
[Unit]
Description=Lightweight Kubernetes
[Install]
WantedBy=multi-user.target
[Service]
Type=exec
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Restart=always
RestartSec=1s
ExecStart=${binary} \\
    server \\
	'--disable' \\
	'traefik' \\

E
systemctl daemon-reload; systemctl enable -q k3s; systemctl restart k3s`;

const wanted = (changes: object = {}): Promise<ServiceInputs> =>
  checked(systemdService, {
    connection: test.connection,
    name: "k3s",
    watchedProgram: binary,
    files: [dropIn, config],
    timeoutSeconds: 30,
    ...changes,
  });
const announced = async (inputs: ServiceInputs) => systemdService.announce?.(test.context, inputs, () => false);
const mainPid = () => test.sh("systemctl show -p MainPID --value k3s.service");
const lastStart = () => test.sh("journalctl -q -u k3s -o cat | grep '^runs: ' | tail -n 1");
const theirs = () =>
  test.sh(
    `stat -c '%n %F %a %u %g %Y' /usr/local/bin/* /etc/systemd/system/k3s.service*; cat /etc/systemd/system/k3s.service /etc/systemd/system/k3s.service.env; find /etc/rancher /etc/systemd/system/k3s.service.d 2>&1 || :`,
  );

describe("a k3s that install.sh has put there", () => {
  it("is looked at in one round trip", async () => {
    const trips = test.board.roundTrips;
    const found = await getProgramFunction.call(test.context, {
      connection: test.connection,
      path: binary,
      unit: "k3s",
    });
    expect(found).toMatchObject({ there: true, version: "v1.36.3+k3s1", unit: "loaded" });
    expect(Buffer.from(found.header, "base64").toString()).toMatch(/^#!\/bin\/sh\n/);
    expect(test.board.roundTrips - trips).toBe(1);
  });

  it("comes under a stack with one restart for the drop-in, keeps all that is its own, and is given back", async () => {
    const [pid, before] = [await mainPid(), await theirs()];
    const inputs = await wanted();
    const notes = await announced(inputs);
    expect(notes?.slice(0, 2)).toEqual([
      "k3s.service is there and comes under this stack; destroy gives it back as it is now",
      `k3s.service restarts: ${dropIn.path} changes, ${config.path} changes`,
    ]);
    expect(notes?.join("\n")).not.toMatch(/^\/etc\/systemd\/system\/k3s\.service /m);
    const { id, state } = await systemdService.create(test.context, inputs);
    expect(await mainPid()).not.toBe(pid);
    expect(await lastStart()).toBe("runs: server --disable=traefik --pause-image=p url=n1");
    const found = await systemdService.read(test.context, id, state);
    expect(await systemdService.diff(found?.state ?? state, inputs, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, id, state);
    expect(await theirs()).toBe(before);
    await expect.poll(lastStart, { timeout: 30_000 }).toBe("runs: server --disable traefik url=n1");
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; systemctl is-enabled k3s")).toBe("enabled");
  });

  it("does not restart where nothing differs, its state being lost", async () => {
    await systemdService.create(test.context, await wanted());
    const pid = await mainPid();
    expect(await announced(await wanted())).toEqual([
      "k3s.service is there as it is wanted: it comes under this stack, and nothing restarts",
    ]);
    const { id, state } = await systemdService.create(test.context, await wanted());
    expect(await mainPid()).toBe(pid);
    await systemdService.delete(test.context, id, state);
  });

  it("is seen to run another binary than the one that is there, but not after install.sh has restarted it", async () => {
    const inputs = await wanted();
    const { id, state } = await systemdService.create(test.context, inputs);
    const look = async () => {
      const found = await systemdService.read(test.context, id, state);
      return systemdService.diff(found?.state ?? state, inputs, () => false);
    };
    await test.sh(`sleep 1.1; cat >${binary}.new <<'E'
${program("v1.36.4+k3s1")}E
chmod 0755 ${binary}.new; mv ${binary}.new ${binary}`);
    expect(await look()).toMatchObject({
      changed: ["watchedProgram"],
      notes: [`k3s.service restarts: ${binary} was replaced after it started`],
    });
    await test.sh("sleep 1.1; systemctl restart k3s");
    expect(await look()).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, id, state);
  });

  it("takes the place of one that the stack had brought, which stays", async () => {
    const source = join(test.scratch, "k3s");
    writeFileSync(source, program("v1.36.5+k3s1"));
    const { watchedProgram: _watched, ...rest } = await wanted();
    const brought = await checked(systemdService, {
      ...rest,
      program: { path: binary, source, version: "v1.36.5+k3s1" },
    });
    const { id, state } = await systemdService.create(test.context, brought);
    const pid = await mainPid();
    const next = await systemdService.update(test.context, id, state, await wanted());
    expect(await mainPid()).toBe(pid);
    expect(await test.sh(`${binary} --version`)).toContain("v1.36.5+k3s1");
    await systemdService.delete(test.context, id, next);
    expect(await test.sh(`${binary} --version; ls -A /var/lib/k3s-board 2>/dev/null; true`)).toBe(
      "k3s version v1.36.5+k3s1 (0123)",
    );
  });
});
