import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { reboot } from "../../provider/board/reboot";
import { setting } from "../../provider/board/setting";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-reboot");
}, 600_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});

const wanted = (changes: object = {}) =>
  checked(reboot, {
    connection: test.connection,
    consent: "allowed",
    forUpdates: true,
    timeoutSeconds: 120,
    ...changes,
  });
const bootId = () => test.sh("cat /proc/sys/kernel/random/boot_id");
const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");
const ask = () => test.sh("echo linux-image >/run/reboot-required.pkgs; touch /run/reboot-required");
async function found(state: Awaited<ReturnType<typeof reboot.create>>["state"]) {
  const there = await reboot.read(test.context, "reboot", state);
  if (!there) throw new Error("it is gone");
  return there.state;
}

it("does nothing where nothing waits for a boot", async () => {
  const before = await bootId();
  const { state } = await reboot.create(test.context, await wanted());
  expect(await reboot.diff(await found(state), await wanted(), () => false)).toEqual({ changed: [], notes: [] });
  expect(await bootId()).toBe(before);
  expect(state.rebooted).toBe("");
});

it("is announced, happens once, and is seen to its end", async () => {
  const before = await bootId();
  await ask();
  const announced = ["the board reboots: updates of linux-image ask for it"];
  expect(await reboot.announce?.(test.context, await wanted(), () => false)).toEqual(announced);
  const { state } = await reboot.create(test.context, await wanted());
  const after = await bootId();
  expect(after).not.toBe(before);
  expect(state.rebooted).toBe(after);
  expect(await reboot.diff(await found(state), await wanted(), () => false)).toEqual({ changed: [], notes: [] });
  expect(await kept()).toBe("");

  await ask();
  const due = await found(state);
  expect(await reboot.diff(due, await wanted(), () => false)).toEqual({ changed: ["settings"], notes: announced });
  const again = await reboot.update(test.context, "reboot", due, await wanted());
  expect(again.rebooted).not.toBe(after);
});

it("is left to the user where it is not allowed", async () => {
  const before = await bootId();
  await ask();
  const never = await wanted({ consent: "never" });
  const { state } = await reboot.create(test.context, never);
  expect(await bootId()).toBe(before);
  const says = "waits for a reboot, which is left to you (reboot: never): updates of linux-image ask for it";
  expect(test.said).toContain(`warning: ${says}`);
  expect(await reboot.diff(await found(state), never, () => false)).toMatchObject({ changed: [] });
  // The container has no controllers: what Kubernetes needs is told where only a boot could bring it.
  const message = await failure(
    reboot.create(test.context, await wanted({ consent: "never", cgroupControllers: ["x"] })),
  );
  expect(message).toContain("the cgroup controller x is off; updates of linux-image ask for it");
  await test.sh("rm /run/reboot-required*");
});

it("goes on where a run was killed behind the reboot", async () => {
  const sent = await bootId();
  await test.sh("umask 077; mkdir -p /var/lib/k3s-board");
  await test.sh(
    `echo '{"bootId":"${sent}","reasons":["updates of linux-image ask for it"]}' >/var/lib/k3s-board/reboot.json`,
  );
  await test.nspawn.powerCycle();
  const now = await bootId();
  // as the next run knows it: by its inputs, and by the note
  const inputs = await wanted();
  expect((await found(inputs as Parameters<typeof found>[0])).boot.record?.bootId).toBe(sent);
  const { state } = await reboot.create(test.context, inputs);
  expect(await bootId()).toBe(now);
  expect(state.rebooted).toBe(now);
  expect(await kept()).toBe("");
});

it("is not tried again where it changed nothing", async () => {
  // The kernel is this machine's: its command line never changes.
  const settings = [{ kind: "kernelCommandLine", values: { "no_such=parameter": "present" } }];
  const inVain = await wanted({ settings, forUpdates: false });
  const message = await failure(reboot.create(test.context, inVain));
  expect(message).toContain("was rebooted, and still: kernel command line misses no_such=parameter");
  const after = await bootId();
  expect(await failure(reboot.create(test.context, inVain))).toContain("was rebooted, and still");
  expect(await bootId()).toBe(after);
  const { state } = await reboot.create(test.context, await wanted());
  await reboot.delete(test.context, "reboot", state);
  expect(await kept()).toBe("");
});

it("needs a boot loader for the kernel's command line", async () => {
  const inputs = await checked(setting, {
    connection: test.connection,
    kind: "kernelCommandLine",
    values: { "cgroup_enable=memory": "present" },
  });
  expect(await failure(setting.announce?.(test.context, inputs, () => false) ?? Promise.resolve())).toContain(
    "the kernel command line cannot be changed: none of /boot/firmware/cmdline.txt",
  );
  await test.sh(
    "mkdir -p /boot/extlinux; printf 'label a\\n\\tappend root=/dev/sda1\\n' >/boot/extlinux/extlinux.conf",
  );
  const original = await test.sh("cat /boot/extlinux/extlinux.conf");
  const { state } = await setting.create(test.context, inputs);
  expect(await test.sh("cat /boot/extlinux/extlinux.conf")).toBe(
    "label a\n\tappend root=/dev/sda1 cgroup_enable=memory",
  );
  const there = await setting.read(test.context, "kernelCommandLine", state);
  expect(there?.inputs).toEqual(inputs);
  await setting.delete(test.context, "kernelCommandLine", state);
  expect(await test.sh("cat /boot/extlinux/extlinux.conf")).toBe(original);
  expect(await kept()).toBe("");
});
