import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setting } from "../../provider/board/setting";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-host-settings");
}, 600_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});

const wanted = (kind: string, values: Record<string, string>) =>
  checked(setting, { connection: test.connection, kind, values });
const announced = async (kind: string, values: Record<string, string>) =>
  (await setting.announce?.(test.context, await wanted(kind, values), () => false)) ?? [];

/** Makes it, and finds it as wanted. */
async function made(kind: string, values: Record<string, string>) {
  const inputs = await wanted(kind, values);
  const { state } = await setting.create(test.context, inputs);
  const there = await found(state);
  expect(there.inputs).toEqual(inputs);
  expect(await setting.diff(there.state, inputs, () => false)).toEqual({ changed: [], notes: [] });
  return { inputs, state: there.state };
}

async function found(state: Awaited<ReturnType<typeof setting.create>>["state"]) {
  const there = await setting.read(test.context, state.kind, state);
  if (!there) throw new Error("it is gone");
  return there;
}

const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");
/** Makes a service that does nothing, up and enabled, under the name of one that does not run in a container. */
const service = (name: string) => `cat >/usr/lib/systemd/system/${name} <<'UNIT'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload; systemctl enable -q --now ${name}`;
const unit = (name: string) => test.sh(`echo $(systemctl is-active ${name}) $(systemctl is-enabled ${name})`);

/** What `read` finds where nothing is known but the inputs, as behind a create that was killed. */
const known = (inputs: Awaited<ReturnType<typeof wanted>>) =>
  setting.read(test.context, inputs.kind, inputs as Parameters<typeof setting.read>[2]);

describe("a setting whose making was cut", () => {
  it("is known from its inputs and its record, and goes back to what was there", async () => {
    await test.sh("cp -a /etc/hosts /root/hosts");
    const inputs = await wanted("hosts", { "192.0.2.7": "neighbour" });
    expect(await known(inputs)).toBeUndefined();
    await setting.create(test.context, inputs);
    const there = await known(inputs);
    if (there === undefined) throw new Error("it is gone");
    expect(there.inputs).toEqual(inputs);
    await setting.delete(test.context, inputs.kind, there.state);
    expect(await test.sh("cmp /etc/hosts /root/hosts; rm /root/hosts")).toBe("");
    expect(await kept()).toBe("");
    expect(await known(inputs)).toBeUndefined();
  });
});

describe("swap", () => {
  const fstab = [
    "/dev/vda1 / ext4 defaults 0 1",
    "UUID=0-1 none swap sw,pri=5 0 0",
    "# /old none swap sw 0 0",
    "/late none swap noauto 0 0",
  ];
  const fstabNow = () => test.sh("stat -c '%a %Y' /etc/fstab; cat /etc/fstab");

  it("is off at boot whatever makes it, and back with destroy", async () => {
    // As zram-tools and Armbian have it. The kernel's own list is that of this machine, and empty; systemd has no swap units in a container.
    await test.sh(`cat >/etc/fstab <<'FSTAB'
${fstab.join("\n")}
FSTAB
chmod 0640 /etc/fstab; echo SWAP=true >/etc/default/armbian-zram-config
${service("zramswap.service")}`);
    const before = await fstabNow();
    expect(await announced("swap", { swap: "disabled" })).toEqual([
      "zramswap.service stops",
      "zramswap.service is disabled at boot",
      "swap is zramswap.service and becomes disabled",
      "/etc/default/armbian-zram-config changes:\n  SWAP=true\n+ SWAP=false # set by k3s-board",
      `/etc/fstab changes:\n  ${fstab[0]}\n- ${fstab[1]}\n+ # k3s-board: ${fstab[1]}\n  ${fstab[2]}\n  ${fstab[3]}`,
    ]);
    const { inputs, state } = await made("swap", { swap: "disabled" });
    expect(await unit("zramswap.service")).toBe("inactive disabled");
    await test.sh("systemctl start zramswap; sed -i 's/^# k3s-board: //' /etc/fstab");
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ swap: "zramswap.service, at boot UUID=0-1" });
    const mended = await found(await setting.update(test.context, "swap", drifted.state, inputs));
    expect(mended.inputs).toEqual(inputs);

    expect(setting.removal?.(mended.state)).toEqual([
      "zramswap.service starts",
      "zramswap.service is enabled at boot",
      "swap is disabled and becomes zramswap.service",
      "/etc/default/armbian-zram-config changes:\n  SWAP=true\n- SWAP=false # set by k3s-board",
      `/etc/fstab changes:\n  ${fstab[0]}\n- # k3s-board: ${fstab[1]}\n+ ${fstab[1]}\n  ${fstab[2]}\n  ${fstab[3]}`,
    ]);
    await setting.delete(test.context, "swap", mended.state);
    expect(await fstabNow()).toBe(before);
    expect(await unit("zramswap.service")).toBe("active enabled");
    expect(await test.sh("cat /etc/default/armbian-zram-config")).toBe("SWAP=true");
    expect(await kept()).toBe("");
    await test.sh(`rm /etc/default/armbian-zram-config; systemctl disable -q --now zramswap
rm /usr/lib/systemd/system/zramswap.service; : >/etc/fstab; systemctl daemon-reload`);
  });

  it("leaves what somebody changed meanwhile, and takes only ours back", async () => {
    await test.sh("echo '/swapfile none swap sw 0 0' >/etc/fstab");
    const { state } = await made("swap", { swap: "disabled" });
    await test.sh("echo 'tmpfs /by-hand tmpfs defaults 0 0' >>/etc/fstab");
    await setting.delete(test.context, "swap", state);
    expect(await test.sh("cat /etc/fstab")).toBe("/swapfile none swap sw 0 0\ntmpfs /by-hand tmpfs defaults 0 0");
    expect(await kept()).toBe("");
    await test.sh(": >/etc/fstab");
  });

  it("has nothing to do where there is none", async () => {
    const { state } = await made("swap", { swap: "disabled" });
    await setting.delete(test.context, "swap", state);
    expect(await kept()).toBe("");
  });
});

describe("SELinux", () => {
  /** The kernel's interface, made by hand: a container does not see one. */
  const kernel = `mkdir -p /run/cgroup; mount --rbind /sys/fs/cgroup /run/cgroup
mount -t tmpfs tmpfs /sys/fs; mkdir /sys/fs/cgroup /sys/fs/selinux; mount --rbind /run/cgroup /sys/fs/cgroup
printf 1 >/sys/fs/selinux/enforce`;
  const enforcing = "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted";

  it("is nothing on a board without it", async () => {
    const { state } = await made("selinux", { selinux: "disabled" });
    await setting.delete(test.context, "selinux", state);
    expect(await failure(announced("selinux", { selinux: "permissive" }))).toContain(
      "the board has no SELinux that could be permissive (/etc/selinux/config is not there)",
    );
    expect(await kept()).toBe("");
  });

  it("is permissive now and at boot, drifts, and enforces again", async () => {
    await test.sh(`${kernel}; mkdir -p /etc/selinux; echo '${enforcing}' >/etc/selinux/config`);
    expect(await announced("selinux", { selinux: "permissive" })).toEqual([
      "selinux is enforcing and becomes permissive",
      "/etc/selinux/config changes:\n  # comment\n- SELINUX=enforcing\n+ SELINUX=permissive\n  SELINUXTYPE=targeted",
    ]);
    const { inputs, state } = await made("selinux", { selinux: "permissive" });
    expect(await test.sh("cat /sys/fs/selinux/enforce /etc/selinux/config")).toBe(
      `0${enforcing.replace("enforcing", "permissive")}`,
    );
    await test.sh("printf 1 >/sys/fs/selinux/enforce");
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ selinux: "enforcing, at boot permissive" });
    const mended = await setting.update(test.context, "selinux", drifted.state, inputs);
    await setting.delete(test.context, "selinux", mended);
    expect(await test.sh("cat /sys/fs/selinux/enforce /etc/selinux/config")).toBe(`1${enforcing}`);
    expect(await kept()).toBe("");
  });

  it("is disabled by a boot, and says so when it comes back with one only", async () => {
    const { state } = await made("selinux", { selinux: "disabled" });
    expect(await test.sh("cat /sys/fs/selinux/enforce; grep ^SELINUX= /etc/selinux/config")).toBe("0SELINUX=disabled");
    // as a boot would leave it: no interface any more
    await test.sh("rm /sys/fs/selinux/enforce");
    const booted = await found(state);
    expect(await setting.diff(booted.state, booted.inputs, () => false)).toEqual({ changed: [], notes: [] });
    await setting.delete(test.context, "selinux", booted.state);
    expect(test.said).toEqual(["warning: SELinux is off, and enforcing again after a boot"]);
    expect(await test.sh("cat /etc/selinux/config")).toBe(enforcing);
    await test.sh("rm -r /etc/selinux");
    expect(await kept()).toBe("");
  });
});

describe("time synchronisation", () => {
  it("asks for a service where none is installed", async () => {
    expect(await failure(announced("timeSync", { timeSync: "enabled" }))).toContain(
      "nothing that keeps the clock is installed",
    );
  });

  it("runs and comes at boot, and is as before with destroy", async () => {
    await test.sh(`${service("chronyd.service")}; systemctl disable -q --now chronyd`);
    expect(await announced("timeSync", { timeSync: "enabled" })).toEqual([
      "chronyd.service starts",
      "chronyd.service is enabled at boot",
      "timeSync is off and becomes enabled",
    ]);
    const { inputs, state } = await made("timeSync", { timeSync: "enabled" });
    expect(await unit("chronyd")).toBe("active enabled");
    await test.sh("systemctl disable -q chronyd");
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ timeSync: "on, not at boot" });
    const mended = await setting.update(test.context, "timeSync", drifted.state, inputs);
    await setting.delete(test.context, "timeSync", mended);
    expect(await unit("chronyd")).toBe("inactive disabled");
    expect(await kept()).toBe("");
  });

  it("starts and stops nothing that a preview did not tell", async () => {
    const context = { ...test.context, isTold: () => false };
    expect(await failure(setting.create(context, await wanted("timeSync", { timeSync: "enabled" })))).toContain(
      "chronyd.service would start or stop, which the preview did not say",
    );
    expect(await unit("chronyd")).toBe("inactive disabled");
    expect(await kept()).toBe("");
  });
});

describe("locale", () => {
  const file = "/etc/locale.conf";
  const now = () => test.sh(`ls -l --time-style=full-iso ${file} /etc/default/locale 2>&1; cat ${file} 2>&1; true`);

  it("is that of the next login, where the board has it", async () => {
    expect(await failure(announced("locale", { LANG: "tlh_KL.UTF-8" }))).toContain(
      "the board has no locale tlh_KL.UTF-8",
    );
    await test.sh(`printf 'LC_TIME=C\\nLANG=C\\n' >${file}; rm -f /etc/default/locale`);
    const before = await now();
    expect(await announced("locale", { LANG: "C.UTF-8" })).toEqual([
      "LANG is C and becomes C.UTF-8",
      `${file} changes:\n  LC_TIME=C\n- LANG=C\n+ LANG=C.UTF-8`,
    ]);
    const { inputs, state } = await made("locale", { LANG: "C.UTF-8" });
    await test.sh(`sed -i s/C.UTF-8/POSIX/ ${file}`);
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ LANG: "POSIX" });
    const mended = await setting.update(test.context, "locale", drifted.state, inputs);
    await setting.delete(test.context, "locale", mended);
    expect(await now()).toBe(before);
    expect(await kept()).toBe("");
  });
});

describe("time zone", () => {
  const now = () => test.sh("readlink /etc/localtime; cat /etc/timezone 2>/dev/null; date +%Z");

  it("is that of the link, and the link of before comes back", async () => {
    await test.sh("echo Etc/UTC >/etc/timezone");
    const before = await now();
    const none = await wanted("timezone", { timezone: "Mars/Olympus" });
    expect(await failure(setting.create(test.context, none))).toContain("the board has no time zone Mars/Olympus");
    const { inputs, state } = await made("timezone", { timezone: "Asia/Shanghai" });
    expect(await now()).toBe("../usr/share/zoneinfo/Asia/Shanghai\nAsia/Shanghai\nCST");
    await test.sh("ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime");
    const drifted = await found(state);
    expect(drifted.inputs.values).toEqual({ timezone: "Europe/Berlin" });
    expect(await setting.diff(drifted.state, inputs, () => false)).toEqual({
      changed: ["values"],
      notes: [
        "/etc/localtime changes:\n- Europe/Berlin\n+ Asia/Shanghai",
        "timezone is Europe/Berlin and becomes Asia/Shanghai",
      ],
    });
    const mended = await setting.update(test.context, "timezone", drifted.state, inputs);
    await setting.delete(test.context, "timezone", mended);
    expect(await now()).toBe(before);
    expect(await kept()).toBe("");
  });
});
