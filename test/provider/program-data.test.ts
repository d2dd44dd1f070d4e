import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-program-data");
}, 600_000);
afterAll(() => test.end());

const directory = "/var/lib/demo";
const data = `${directory}/data`;
const set = `${data}/${"5e".repeat(32)}`;
/**
 * As k3s: it unpacks what is not there, says nothing of what is damaged, and runs from it. Its datastore is of no use without the token that it
 * began with, and an empty key ends it.
 */
const program = `#!/bin/sh
if [ ! -e ${set} ]; then
  mkdir -p ${set}-tmp/bin && cd ${set}-tmp/bin || exit 1
  printf '#!/bin/sh\\nexec sleep infinity\\n' >demo-server && chmod 0755 demo-server
  sha256sum demo-server >.sha256sums
  mv ${set}-tmp ${set}
fi
mkdir -p ${directory}/server/cred && cd ${directory}/server || exit 1
[ -e token ] || cat /proc/sys/kernel/random/uuid >token
[ -e cred/key ] || echo key >cred/key
[ -d db ] || { mkdir db && cp token db/state; }
[ -s cred/key ] && [ -s token ] && cmp -s token db/state || exit 1
exec ${set}/bin/demo-server
`;
const inputs = (environment: string, rest: object = {}) =>
  checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: `[Service]\nEnvironment=X=${environment}\nExecStart=/opt/demo\n[Install]\nWantedBy=multi-user.target\n`,
    programData: {
      directory,
      unpackedPrograms: data,
      credentials: [`${directory}/server`, `${directory}/server/cred`, "/etc/demo"],
      begins: [`${directory}/server/db`, `${directory}/server/token`, `${directory}/server/cred`],
    },
    timeoutSeconds: 30,
    ...rest,
  });
/** A start that has ended badly. */
const failed = `systemctl restart demo; until [ "$(systemctl is-active demo)" = failed ]; do sleep 0.2; done`;
const isWhole = () => test.sh(`cd ${set}/bin && sha256sum --status -c .sha256sums && echo whole || echo damaged`);

beforeEach(async () => {
  await test.sh(`rm -rf ${directory}; cat >/opt/demo <<'EOF'\n${program}EOF\nchmod 0755 /opt/demo`);
  test.said.length = 0;
});

it("of a first start goes where the board boots before that was confirmed, and stays where it ended in time", async () => {
  const theirs = `${directory}/server/manifests/custom.yaml`;
  await test.sh(`mkdir -p ${directory}/server/manifests; echo theirs >${theirs}`);
  const token = () => test.sh(`cat ${directory}/server/token`);
  const never = { health: { kind: "http", url: "http://127.0.0.1:9/" } };

  const away = test.another();
  const lost = failure(systemdService.create(away.context, await inputs("1", { ...never, timeoutSeconds: 300 })));
  await expect.poll(() => test.sh("systemctl is-active demo").catch(String), { timeout: 20_000 }).toBe("active");
  expect(await token()).toMatch(/^[0-9a-f-]{36}$/);
  away.close();
  // as a cut leaves it: what the program has written is a name
  await test.sh(`: >${directory}/server/token; : >${directory}/server/cred/key`);
  await test.nspawn.powerCycle();
  await lost;
  await expect
    .poll(
      () =>
        test
          .sh(`cd ${directory}/server; echo *; cat ${theirs}; ls -A /var/lib/k3s-board 2>&1 | grep -v "No such" || :`)
          .catch(String),
      {
        timeout: 60_000,
      },
    )
    .toMatch(/^manifests\ntheirs$/);

  await failure(systemdService.create(test.context, await inputs("1", { ...never, timeoutSeconds: 3 })));
  const before = await token();
  const { state } = await systemdService.create(test.context, await inputs("1"));
  expect(await token()).toBe(before);
  await systemdService.delete(test.context, "demo", state);
});

it("that has no content is removed before a start, where nothing runs from it", async () => {
  const { state } = await systemdService.create(test.context, await inputs("1"));
  const update = async (environment: string) => {
    const { state: seen = state } = (await systemdService.read(test.context, "demo", state)) ?? {};
    await systemdService.update(test.context, "demo", seen, await inputs(environment));
  };
  const cred = `${directory}/server/cred`;
  await test.sh(`: >${cred}/of-one-that-runs`);
  await update("2");
  await test.sh(`: >${cred}/key; mkdir ${cred}/below; : >${cred}/below/file; ln -s key ${cred}/link; ${failed}`);
  await update("3");
  expect(await test.sh(`cat ${cred}/key; systemctl is-active demo; cd ${cred}; echo *; ls below`)).toBe(
    "key\nactive\nbelow key link\nfile",
  );
  await systemdService.delete(test.context, "demo", state);
});

it("that was unpacked is unpacked again where a power cut has damaged it, and is read only where nobody has seen it running", async () => {
  const { state } = await systemdService.create(test.context, await inputs("1"));
  const seen = async (): Promise<ServiceState> =>
    (await systemdService.read(test.context, "demo", state))?.state ?? state;
  const update = async (environment: string) => {
    test.said.length = 0;
    await systemdService.update(test.context, "demo", await seen(), await inputs(environment));
    return test.said.filter((line) => line.includes("damaged"));
  };
  expect(await isWhole()).toBe("whole");

  // as after a cut within seconds of the first start: the file is there, and nothing is in it
  await test.sh(`systemctl stop demo; echo exit 1 >${set}/bin/demo-server; ${failed}`);
  expect(await update("1")).toEqual([expect.stringContaining(`${set} was damaged, as by a power cut`)]);
  expect(await isWhole()).toBe("whole");
  expect(await test.sh(`systemctl is-active demo; ls -A ${data}`)).toBe(`active\n${set.slice(data.length + 1)}`);

  // known ones of a service that runs are not read; others are, also those that lack everything, and nothing else goes
  const other = (digit: string) => `${data}/${digit.repeat(64)}`;
  await test.sh(`echo >>${set}/bin/demo-server; mkdir ${other("a")} ${other("b")} ${other("b")}/bin ${data}/cni
cd ${other("b")}/bin; echo demo >demo-server; sha256sum demo-server >.sha256sums; ln -s ${set} ${data}/current`);
  expect(await update("2")).toEqual([expect.stringContaining(other("a"))]);
  expect((await test.sh(`ls -A ${data}`)).split("\n").sort()).toEqual(
    [set, other("b"), `${data}/cni`, `${data}/current`].map((path) => path.slice(data.length + 1)).sort(),
  );
  expect(await isWhole()).toBe("damaged");

  // one that does not come up is another matter
  await test.sh(`echo exit 1 >${set}/bin/demo-server; ${failed}`);
  expect(await update("2")).toEqual([expect.stringContaining(set)]);
  expect(await isWhole()).toBe("whole");
  await systemdService.delete(test.context, "demo", await seen());
});
