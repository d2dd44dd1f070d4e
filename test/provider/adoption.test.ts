import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemdService } from "../../provider/systemd/service";
import type { ServiceInputs } from "../../provider/systemd/schema";
import { checked, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-adoption");
}, 600_000);
afterAll(() => test.end());
beforeEach(async () => {
  test.said.length = 0;
  await test.sh(byHand);
});

const unit =
  "[Service]\nExecStart=/bin/sh -c '. /etc/demo/demo.conf; exec sleep infinity'\n[Install]\nWantedBy=multi-user.target\n";
const dropIn = {
  path: "/etc/systemd/system/demo.service.d/10-flags.conf",
  content: "[Service]\nEnvironment=FLAGS=1\n",
};
const conf = { path: "/etc/demo/demo.conf", content: "flags=yes\n", mode: "0640" };

/** As a person installs it: unit, drop-in, configuration; and it runs. */
const byHand = `mkdir -p /etc/demo /etc/systemd/system/demo.service.d; printf 'flags=yes\\n' >/etc/demo/demo.conf; chmod 0640 /etc/demo/demo.conf
cat >/etc/systemd/system/demo.service <<'E'
${unit}E
printf '${dropIn.content.replaceAll("\n", "\\n")}' >${dropIn.path}
systemctl daemon-reload; systemctl enable -q demo; systemctl restart demo`;

const wanted = (changes: object = {}): Promise<ServiceInputs> =>
  checked(systemdService, { connection: test.connection, name: "demo", unit, files: [dropIn, conf], ...changes });
const announced = async (inputs: ServiceInputs) => systemdService.announce?.(test.context, inputs, () => false);
const mainPid = () => test.sh("systemctl show -p MainPID --value demo.service");
const files = () =>
  test.sh(
    `stat -c '%n %a %u %g %Y' /etc/demo/demo.conf ${dropIn.path} /etc/systemd/system/demo.service; cat /etc/demo/demo.conf`,
  );

describe("a service that somebody installed by hand", () => {
  it("comes under a stack without a restart where nothing differs, and stays when the stack goes", async () => {
    const [pid, before] = [await mainPid(), await files()];
    const inputs = await wanted();
    expect(await announced(inputs)).toEqual([
      "demo.service is there as it is wanted: it comes under this stack, and nothing restarts",
    ]);
    const { id, state } = await systemdService.create(test.context, inputs);
    expect(await mainPid()).toBe(pid);
    const found = await systemdService.read(test.context, id, state);
    expect(await systemdService.diff(found?.state ?? state, inputs, () => false)).toMatchObject({ changed: [] });
    await systemdService.delete(test.context, id, state);
    expect(await files()).toBe(before);
    expect(await test.sh("systemctl is-enabled demo")).toBe("enabled");
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true")).toBe("");
  });

  it("restarts once where something differs, which is shown first, and is given back as it was", async () => {
    const [pid, before] = [await mainPid(), await files()];
    const inputs = await wanted({ files: [dropIn, { ...conf, content: "flags=yes\nmore=1\n" }] });
    expect(await announced(inputs)).toEqual([
      "demo.service is there and comes under this stack; destroy gives it back as it is now",
      "demo.service restarts: /etc/demo/demo.conf changes",
      "/etc/demo/demo.conf changes:\n  flags=yes\n+ more=1",
    ]);
    const starts = () => test.sh("journalctl -q -u demo -o cat --since=-1h | grep -c '^Started' || :");
    const started = Number(await starts());
    const { id, state } = await systemdService.create(test.context, inputs);
    expect(await mainPid()).not.toBe(pid);
    expect(Number(await starts())).toBe(started + 1);
    await systemdService.delete(test.context, id, state);
    expect(await files()).toBe(before);
    await expect.poll(() => test.sh("systemctl is-active demo || :"), { timeout: 30_000 }).toBe("active");
  });

  it("is not known from a create that was killed before it began, and is from one that had", async () => {
    const inputs = await wanted({ files: [dropIn, { ...conf, content: "flags=yes\nmore=1\n" }] });
    // what the state has then are the inputs alone
    const known = () => systemdService.read(test.context, "demo", inputs as Parameters<typeof systemdService.read>[2]);
    expect(await known()).toBeUndefined();
    const { id, state } = await systemdService.create(test.context, inputs);
    expect((await known())?.inputs).toEqual(inputs);
    await systemdService.delete(test.context, id, state);
    expect(await known()).toBeUndefined();
  });

  it("gives the original back also where the stack's state was lost in between", async () => {
    const before = await files();
    const inputs = await wanted({ files: [dropIn, { ...conf, content: "flags=no\n", mode: "0600" }] });
    await systemdService.create(test.context, inputs);
    const pid = await mainPid();
    // nothing but the board knows what was there before; a stack that is made anew finds its own files
    expect(await announced(inputs)).toEqual([
      "demo.service is there as it is wanted: it comes under this stack, and nothing restarts",
    ]);
    const { id, state } = await systemdService.create(test.context, inputs);
    expect(await mainPid()).toBe(pid);
    const other = await wanted({ files: [dropIn, { ...conf, content: "flags=maybe\n" }] });
    const { state: changed } = await systemdService.create(test.context, other);
    expect(await test.sh("cat /etc/demo/demo.conf")).toBe("flags=maybe");
    await systemdService.delete(test.context, id, changed ?? state);
    expect(await files()).toBe(before);
    expect(await test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true")).toBe("");
  });
});

it("says of a board where there is no such service what comes, and nothing of taking it over", async () => {
  const notes = await announced(await checked(systemdService, { connection: test.connection, name: "none", unit }));
  expect(notes?.[0]).toBe("none.service starts: /etc/systemd/system/none.service changes, it is not running");
  expect(notes?.join("\n")).not.toMatch(/comes under this stack/);
});
