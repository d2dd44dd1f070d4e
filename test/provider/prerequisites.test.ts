import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setting } from "../../provider/board/setting";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-prerequisites");
  // What the kernel lets a container have of its own is in its UTS namespace.
  await test.sh("mount -o remount,rw /proc/sys");
}, 600_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});

const wanted = (kind: string, values: Record<string, string>) =>
  checked(setting, { connection: test.connection, kind, values });
const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");

/** Makes it, finds it as wanted in one round trip, and hands it on. */
async function made(kind: string, values: Record<string, string>) {
  const inputs = await wanted(kind, values);
  const { id, state } = await setting.create(test.context, inputs);
  const trips = test.board.roundTrips;
  const found = await setting.read(test.context, id, state);
  expect(test.board.roundTrips - trips).toBe(1);
  expect(found?.inputs).toEqual(inputs);
  expect(await setting.diff(found?.state ?? state, inputs, () => false)).toEqual({ changed: [], notes: [] });
  return { id, inputs, state };
}

async function found(state: Awaited<ReturnType<typeof made>>["state"]) {
  const there = await setting.read(test.context, state.kind, state);
  if (!there) throw new Error("it is gone");
  return there;
}

describe("sysctls", () => {
  const file = "/etc/sysctl.d/99-zz-k3s-board.conf";

  it("are announced, set now and at boot, drift, and are given back", async () => {
    await test.sh("echo before >/proc/sys/kernel/domainname");
    const inputs = await wanted("sysctls", { "kernel.domainname": "board.test" });
    expect(await setting.announce?.(test.context, inputs, () => false)).toEqual([
      "sysctl kernel.domainname is before and becomes board.test",
      `${file} is new:\n+ kernel.domainname = board.test`,
    ]);
    const { state } = await made("sysctls", inputs.values);
    expect(await test.sh(`cat /proc/sys/kernel/domainname ${file}; stat -c %a ${file}`)).toBe(
      "board.test\nkernel.domainname = board.test\n644",
    );

    await test.sh(`echo by-hand >/proc/sys/kernel/domainname; rm ${file}`);
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ "kernel.domainname": "by-hand, at boot not set" });
    expect(await setting.diff(drifted.state, inputs, () => false)).toEqual({
      changed: ["values"],
      notes: [
        "sysctl kernel.domainname is by-hand and becomes board.test",
        `${file} is new:\n+ kernel.domainname = board.test`,
      ],
    });
    const mended = await setting.update(test.context, "sysctls", drifted.state, inputs);
    expect(await test.sh(`cat /proc/sys/kernel/domainname ${file}`)).toBe("board.test\nkernel.domainname = board.test");
    await setting.delete(test.context, "sysctls", mended);
    expect(await test.sh(`cat /proc/sys/kernel/domainname; ls ${file} 2>&1; true`)).toBe(
      `before\nls: cannot access '${file}': No such file or directory`,
    );
    expect(await kept()).toBe("");
  });

  it("change nothing where the kernel has no such sysctl", async () => {
    const message = await failure(setting.create(test.context, await wanted("sysctls", { "net.bridge.no-such": "1" })));
    expect(message).toContain("the kernel has no sysctl net.bridge.no-such: it may need a module");
    expect(await test.sh(`ls ${file} 2>&1; true`)).toContain("No such file");
    const { state } = await setting.create(test.context, await wanted("sysctls", {}));
    await setting.delete(test.context, "sysctls", state);
    expect(await kept()).toBe("");
  });

  it("give back what is no longer wanted", async () => {
    await test.sh("echo before >/proc/sys/kernel/domainname; hostname board");
    const { state } = await made("sysctls", { "kernel.domainname": "board.test", "kernel.hostname": "other" });
    const fewer = await wanted("sysctls", { "kernel.hostname": "other" });
    expect(await setting.diff((await found(state)).state, fewer, () => false)).toMatchObject({
      notes: [
        "sysctl kernel.domainname is board.test and becomes before",
        `${file} changes:\n- kernel.domainname = board.test\n  kernel.hostname = other`,
      ],
    });
    const left = await setting.update(test.context, "sysctls", state, fewer);
    expect(await test.sh(`cat /proc/sys/kernel/domainname ${file}`)).toBe("before\nkernel.hostname = other");
    await setting.delete(test.context, "sysctls", left);
    expect(await test.sh("cat /proc/sys/kernel/hostname")).toBe("board");
    expect(await kept()).toBe("");
  });
});

describe("hosts", () => {
  it("are a block of their own: the rest of the file is its owner's", async () => {
    const original = await test.sh("stat -c '%a %U %Y' /etc/hosts; cat /etc/hosts");
    const { state } = await made("hosts", { "192.0.2.7": "registry.lan registry", "192.0.2.8": "other.lan" });
    expect(await test.sh("getent hosts registry | tr -s ' '")).toBe("192.0.2.7 registry.lan registry");
    await setting.delete(test.context, "hosts", state);
    expect(await test.sh("stat -c '%a %U %Y' /etc/hosts; cat /etc/hosts")).toBe(original);

    const again = await made("hosts", { "192.0.2.7": "registry.lan" });
    await test.sh("echo '192.0.2.9 by.hand' >>/etc/hosts; sed -i s/registry.lan/wrong.lan/ /etc/hosts");
    const drifted = await found(again.state);
    expect(drifted.inputs.values).toEqual({ "192.0.2.7": "wrong.lan" });
    const mended = await setting.update(test.context, "hosts", drifted.state, again.inputs);
    await setting.delete(test.context, "hosts", mended);
    expect(await test.sh("tail -n 1 /etc/hosts; grep -c k3s-board /etc/hosts; true")).toBe("192.0.2.9 by.hand\n0");
    expect(await kept()).toBe("");
  });
});

describe("hostname", () => {
  it("is set now and at boot, and given back", async () => {
    await test.sh("hostname first; echo first >/etc/hostname");
    const { state } = await made("hostname", { hostname: "licheepi" });
    expect(await test.sh("hostname; cat /etc/hostname")).toBe("licheepi\nlicheepi");
    await setting.delete(test.context, "hostname", state);
    expect(await test.sh("hostname; cat /etc/hostname")).toBe("first\nfirst");
    expect(await kept()).toBe("");
  });
});

describe("a run that was killed", () => {
  it("is finished by the next, and destroy still knows what was there before", async () => {
    await test.sh("echo before >/proc/sys/kernel/domainname");
    const inputs = await wanted("sysctls", { "kernel.domainname": "board.test" });
    // As it is when the run ends behind each of its steps: the note, the running system, the file.
    const { state } = await setting.create(test.context, inputs);
    await test.sh(`sed -i 's/"unfinished":false/"unfinished":true/' /var/lib/k3s-board/settings/sysctls.json`);
    const { state: interrupted } = await found(state);
    expect(await setting.diff(interrupted, inputs, () => false)).toEqual({
      changed: ["values"],
      notes: ["an earlier change was interrupted; it is carried out again"],
    });
    const { state: again } = await setting.create(test.context, inputs);
    expect(await setting.diff((await found(again)).state, inputs, () => false)).toMatchObject({ changed: [] });
    await setting.delete(test.context, "sysctls", again);
    expect(await test.sh("cat /proc/sys/kernel/domainname")).toBe("before");
    expect(await kept()).toBe("");
  });

  it("leaves nothing that the next configuration has not, although no state knows of it", async () => {
    await test.sh("echo before >/proc/sys/kernel/domainname");
    const none = await wanted("sysctls", {});
    const { state } = await setting.create(test.context, none);
    const added = await wanted("sysctls", { "kernel.domainname": "board.test" });
    const { state: known } = await found(state);
    await setting.update(test.context, "sysctls", known, added);
    const { state: behind } = await found(known);
    expect(behind.ours).toEqual(added.values);
    const after = await setting.update(test.context, "sysctls", behind, none);
    expect(await test.sh("cat /proc/sys/kernel/domainname")).toBe("before");
    const { state: again, inputs } = await found(after);
    expect(inputs).toEqual(none);
    expect(await setting.diff(again, none, () => false)).toEqual({ changed: [], notes: [] });
    await setting.delete(test.context, "sysctls", again);
    expect(await kept()).toBe("");
  });
});
