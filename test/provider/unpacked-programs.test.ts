import { afterAll, beforeAll, expect, it } from "vitest";
import type { ServiceState } from "../../provider/systemd/schema";
import { systemdService } from "../../provider/systemd/service";
import { checked, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-unpacked");
}, 600_000);
afterAll(() => test.end());

const data = "/var/lib/demo/data";
const set = `${data}/${"5e".repeat(32)}`;
/** As k3s: it unpacks what is not there, says nothing of what is damaged, and runs from it. */
const program = `#!/bin/sh
if [ ! -e ${set} ]; then
  mkdir -p ${set}-tmp/bin && cd ${set}-tmp/bin || exit 1
  printf '#!/bin/sh\\nexec sleep infinity\\n' >demo-server && chmod 0755 demo-server
  sha256sum demo-server >.sha256sums
  mv ${set}-tmp ${set}
fi
exec ${set}/bin/demo-server
`;
const inputs = (environment: string) =>
  checked(systemdService, {
    connection: test.connection,
    name: "demo",
    unit: `[Service]\nEnvironment=X=${environment}\nExecStart=/opt/demo\n[Install]\nWantedBy=multi-user.target\n`,
    unpackedPrograms: data,
    timeoutSeconds: 30,
  });
/** A start that has ended badly. */
const failed = `systemctl restart demo; until [ "$(systemctl is-active demo)" = failed ]; do sleep 0.2; done`;
const isWhole = () => test.sh(`cd ${set}/bin && sha256sum --status -c .sha256sums && echo whole || echo damaged`);

it("are unpacked again where a power cut has damaged them, and are read only where nobody has seen them running", async () => {
  await test.sh(`cat >/opt/demo <<'EOF'\n${program}EOF\nchmod 0755 /opt/demo`);
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
