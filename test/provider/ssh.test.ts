import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getFactsFunction } from "../../provider/facts/get-facts";
import { failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
let otherKey: string;
beforeAll(async () => {
  test = await startTestBoard("provider-ssh");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "phrase", "-f", join(test.scratch, "other")]);
  otherKey = execFileSync("cat", [join(test.scratch, "other.pub")], { encoding: "utf8" })
    .split(" ")
    .slice(0, 2)
    .join(" ");
  const key = await test.sh("cat /root/.ssh/authorized_keys");
  await test.sh(`useradd -m -s /bin/bash plain; useradd -m -s /bin/sh free
echo 'plain:sudo pass' | chpasswd
echo 'plain ALL=(ALL) ALL' >/etc/sudoers.d/plain; echo 'free ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/free
for u in plain free; do mkdir -p /home/$u/.ssh; printf '%s\\n' '${key}' '${otherKey}' >/home/$u/.ssh/authorized_keys; chown -R $u: /home/$u/.ssh; done
useradd -m nosudo; cp -r /home/free/.ssh /home/nosudo; chown -R nosudo: /home/nosudo`);
}, 600_000);
afterAll(() => test.end());

const whoami = (changes: Parameters<TestBoard["another"]>[0]) =>
  test.another(changes).board.run("id -un; cat", { purpose: "asking who we are", stdin: Buffer.from("payload") });

describe("a connection", () => {
  it("is refused by a wrong host key, with both fingerprints", async () => {
    const message = await failure(whoami({ hostKeys: [otherKey] }));
    expect(message).toMatch(
      /the host key does not match: expected SHA256:\S{43} \(ssh-ed25519\), presented SHA256:\S{43} \(ssh-ed25519\)\. Nothing was sent/,
    );
    const presented = execFileSync("ssh-keygen", ["-lf", "-"], {
      input: test.connection.hostKeys[0],
      encoding: "utf8",
    }).split(" ")[1];
    expect(message).toContain(`presented ${presented}`);
  });

  it("asks for the pinned key among several types", async () => {
    // The board's favourite is the ed25519 key; with an ecdsa key pinned too, either is good.
    const result = await whoami({ hostKeys: ["ecdsa-sha2-nistp256 AAAA", ...test.connection.hostKeys] }).catch(
      (error: unknown) => String(error),
    );
    expect(result).toMatchObject({ stdout: "root\npayload" });
  });

  it("says where nobody answers, and what was tried to log in", async () => {
    expect(await failure(whoami({ port: 1 }))).toMatch(
      /^root@127\.0\.0\.1:1: the board cannot be reached: connect ECONNREFUSED.*board\.host and board\.port/,
    );
    const started = Date.now();
    // An address that is routed nowhere (RFC 5737).
    expect(await failure(whoami({ host: "192.0.2.1", connectTimeoutSeconds: 1 }))).toMatch(/cannot be reached/);
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await failure(whoami({ identity: join(test.scratch, "other"), passphrase: "phrase" }))).toContain(
      "the login was refused with the key",
    );
    expect(await failure(whoami({ identity: join(test.scratch, "other") }))).toContain(
      "Check board.identity and its passphrase",
    );
    expect(await failure(whoami({ identity: "/no/key" }))).toContain("the private key /no/key cannot be read");
  });

  it("goes through a jump host and with a passphrase", async () => {
    const jump = { ...test.connection };
    expect(await whoami({ jump })).toMatchObject({ stdout: "root\npayload" });
    expect(await whoami({ user: "free", identity: join(test.scratch, "other"), passphrase: "phrase" })).toMatchObject({
      stdout: "root\npayload",
    });
  });

  it("becomes root by sudo, with a password or without", async () => {
    expect(await whoami({ user: "free" })).toMatchObject({ stdout: "root\npayload" });
    expect(await whoami({ user: "plain", sudoPassword: "sudo pass" })).toMatchObject({ stdout: "root\npayload" });
    // Given although sudo does not want it: it must not become part of the script.
    expect(await whoami({ user: "free", sudoPassword: "sudo pass" })).toMatchObject({
      stdout: "root\npayload",
      stderr: "",
    });
    expect(await failure(whoami({ user: "plain", sudoPassword: "wrong" }))).toContain(
      "sudo refuses plain. Check board.sudoPassword",
    );
    expect(await failure(whoami({ user: "plain" }))).toContain("set board.sudoPassword");
    expect(await failure(test.another({ user: "nosudo" }).board.file("/etc/hostname"))).toContain("sudo refuses");
  });

  it("never shows a secret among the processes", async () => {
    const busy = test.another({ user: "plain", sudoPassword: "sudo pass" }).board.run("sleep 2; cat", {
      purpose: "waiting",
      stdin: Buffer.from("s3cret-payload"),
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const shown = await test.sh("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' '");
    expect(shown).toContain("dd bs=");
    expect(shown).not.toMatch(/sudo pass|s3cret-payload/);
    expect(await busy).toMatchObject({ stdout: "s3cret-payload" });
  });
});

describe("a UNIX socket on the board", () => {
  // systemd's own, which only root may connect to
  const socket = "/run/systemd/private";

  it("is reached by a login as root, and said to be silent where nothing listens", async () => {
    const channel = await test.board.forwardSocket(socket);
    channel.destroy();
    await expect(test.board.forwardSocket("/run/nowhere")).rejects.toThrow("nothing answers on /run/nowhere");
  });

  it("is refused to another login, without a round trip", async () => {
    const other = test.another({ user: "somebody" });
    await expect(other.board.forwardSocket(socket)).rejects.toThrow("by a login as root only");
    expect(other.board.roundTrips).toBe(0);
    other.close();
  });
});

describe("scripts", () => {
  it("end with all their processes when the time is over", async () => {
    const message = await failure(
      test.board.run("sleep 4242 & sleep 4243", { purpose: "waiting for nothing", timeoutSeconds: 1 }),
    );
    expect(message).toContain("gave up after 1 s of waiting for nothing");
    expect(await test.sh("pgrep -f 'sleep 424[23]' || echo none")).toBe("none");
  });

  it("take a big payload although they do not read it", async () => {
    const result = await test.board.run("echo early; exit 4", {
      purpose: "not listening",
      stdin: Buffer.alloc(5_000_000),
    });
    expect(result).toMatchObject({ code: 4, stdout: "early\n" });
  });

  it("run side by side in more sessions than sshd allows at once", async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) => test.board.run(`echo ${index}`, { purpose: "counting" })),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });
});

describe("questions", () => {
  it("asked together travel together, and equal ones once", async () => {
    const { board } = test.another();
    await board.ask("first", "true");
    const trips = board.roundTrips;
    const [a, b, c, d] = await Promise.all([
      board.ask("date", "date +%N; exit 3"),
      board.ask("date", "date +%N; exit 3"),
      board.ask("stdin", "cat; echo said >&2"),
      board.file("/etc/hostname"),
    ]);
    expect(a).toEqual(b);
    expect(a.code).toBe(3);
    expect(c).toEqual({ code: 0, stdout: "", stderr: "said" });
    expect(d.kind).toBe("file");
    expect(board.roundTrips - trips).toBe(1);
  });

  it("are asked again over a new connection when it breaks, once", async () => {
    const { board } = test.another();
    const own = (await board.ask("pid", "ps -o ppid= -p $(ps -o ppid= -p $PPID)")).stdout.trim();
    const slow = board.ask("slow", "sleep 2; echo done");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Ends the sshd processes of all connections but this one's.
    await test.sh(
      `for p in $(pgrep -f 'sshd-session: root'); do [ -n "$(pgrep -P $p 2>/dev/null)" ] && echo "$p"; done; :`,
    );
    expect(own).toMatch(/^\d+$/);
    await test.board.run(
      `me=$PPID; while [ "$(ps -o comm= -p $me)" != sshd-session ]; do me=$(ps -o ppid= -p $me | tr -d ' '); done
for p in $(pgrep -x sshd-session); do case " $me $(ps -o ppid= -p $me | tr -d ' ') " in *" $p "*) ;; *) kill $p ;; esac; done`,
      { purpose: "breaking connections" },
    );
    expect((await slow).stdout).toBe("done\n");
  });

  it("tell the facts", async () => {
    const facts = await getFactsFunction.call(test.context, { connection: test.connection });
    expect(facts).toMatchObject({
      osId: "debian",
      machine: execFileSync("uname", ["-m"], { encoding: "utf8" }).trim(),
    });
    expect(facts.systemdVersion).toBeGreaterThan(250);
  });
});

describe("an agent", () => {
  it("is not needed where a key file is given", () => {
    // A key that the agent does not hold must still work: the file is what counts.
    copyFileSync(test.nspawn.identity, join(test.scratch, "copy"));
    return expect(whoami({ identity: join(test.scratch, "copy") })).resolves.toMatchObject({ code: 0 });
  });
});
