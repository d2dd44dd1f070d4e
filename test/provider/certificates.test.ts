import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { rotateVariable } from "../../provider/kubernetes/certificates";
import type { ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-certificates");
}, 600_000);
afterAll(() => test.end());
afterEach(() => vi.unstubAllEnvs());

const dataDir = "/var/lib/demo";
/** As k3s: it makes what is not there at its start, and takes away what it would make. Files of the test say what goes wrong. */
const program = `#!/bin/sh
umask 077
cd ${dataDir} || exit 1
if [ "$1" = certificate ]; then
  [ "$*" = "certificate rotate --data-dir ${dataDir}" ] || { echo "unknown: $*" >&2; exit 1; }
  rm -f server/tls/admin.key server/tls/etcd/peer.key agent/kubelet.key
  : >server/tls/dynamic-cert-regenerate
  [ ! -e refuses ] || { echo "no rotation today" >&2; exit 1; }
  exit
fi
for key in server/tls/admin.key server/tls/etcd/peer.key agent/kubelet.key; do
  [ -e $key ] || { [ ! -e no-more ] || exit 1; cat /proc/sys/kernel/random/uuid >$key; }
done
exec sleep infinity
`;
const inputs = () =>
  checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: "[Service]\nExecStart=/opt/demo\nRestart=always\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n",
    certificates: { program: "/opt/demo", dataDir },
    timeoutSeconds: 20,
  });
const keys = () =>
  test.sh(
    `cd ${dataDir}; for f in server/tls/ca.key server/tls/admin.key server/tls/etcd/peer.key agent/kubelet.key; do stat -c '%a %U' $f; cat $f; done`,
  );
const traces = () =>
  test.sh(`ls -A /var/lib/k3s-board/transactions ${dataDir}/server/tls/dynamic-cert-regenerate 2>/dev/null || :`);

describe("certificates of a k3s", () => {
  it("are made anew in the run that asks for it, and come back where it fails", async () => {
    await test.sh(`mkdir -p ${dataDir}/server/tls/etcd ${dataDir}/agent/containerd; chmod 0700 ${dataDir}/server
( umask 077; echo authority >${dataDir}/server/tls/ca.key )
cat >/opt/demo <<'EOF'
${program}EOF
chmod 0755 /opt/demo`);
    const wanted = await inputs();
    const { state } = await systemdService.create(test.context, wanted);
    const seen = async (): Promise<ServiceState> =>
      (await systemdService.read(test.context, "demo", state))?.state ?? state;
    const first = await keys();

    vi.stubEnv(rotateVariable, "1");
    expect(await systemdService.diff(await seen(), wanted, () => false)).toMatchObject({ changed: ["certificates"] });
    await systemdService.update(test.context, "demo", await seen(), wanted);
    await test.sh(`rm ${dataDir}/server/tls/dynamic-cert-regenerate`);
    const second = await keys();
    const lines = (text: string) => text.split("\n");
    expect(lines(second).slice(0, 2)).toEqual(["600 root", "authority"]);
    for (const index of [3, 5, 7]) expect(lines(second)[index]).not.toBe(lines(first)[index]);
    expect(await traces()).toBe("");

    await test.sh(`touch ${dataDir}/refuses`);
    expect(await failure(systemdService.update(test.context, "demo", await seen(), wanted))).toMatch(
      /demo\.service was not changed: .*certificate rotate: no rotation today/s,
    );
    await expect.poll(() => test.sh("systemctl is-active demo || :"), { timeout: 30_000 }).toBe("active");
    expect(await keys()).toBe(second);
    expect(await traces()).toBe("");

    await test.sh(`rm ${dataDir}/refuses; touch ${dataDir}/no-more`);
    expect(await failure(systemdService.update(test.context, "demo", await seen(), wanted))).toMatch(
      /demo\.service did not become healthy/,
    );
    await expect.poll(() => test.sh("systemctl is-active demo || :"), { timeout: 30_000 }).toBe("active");
    expect(await keys()).toBe(second);
    expect(await traces()).toBe("");
    expect(await test.sh(`stat -c %a ${dataDir} ${dataDir}/server ${dataDir}/agent`)).toBe("755\n700\n755");

    vi.stubEnv(rotateVariable, "");
    expect(await systemdService.diff(await seen(), wanted, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, "demo", await seen());
  });
});
