import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { file } from "../../provider/files/file";
import { lockSeconds, recordOf, temporaryOf } from "../../provider/files/originals";
import { beginning, removeFile, writeScript } from "../../provider/files/write";
import { stageScript } from "../../provider/systemd/program-script";
import { checked, failure, startTestBoard, type TestBoard } from "./board";
import { slowStdin } from "./slow-stdin";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("provider-files");
  await test.sh("mkdir -p /mnt/small; mount -t tmpfs -o size=4m tmpfs /mnt/small");
}, 600_000);
afterAll(() => test.end());

const wantedFile = (given: object) => checked(file, { connection: test.connection, ...given });
const kept = () => test.sh("ls -A /var/lib/k3s-board 2>/dev/null; true");

function source(name: string, content: Buffer): string {
  const path = join(test.scratch, name);
  writeFileSync(path, content);
  return path;
}

describe("a file", () => {
  it("is written with mode and owner, in directories that go with it", async () => {
    const wanted = await wantedFile({
      path: "/opt/one/two/it's a file",
      content: "hello\n",
      mode: "0640",
      group: "adm",
    });
    const { id, state } = await file.create(test.context, wanted);
    expect(await test.sh(`stat -c '%a %U %G' "/opt/one/two/it's a file" /opt/one/two; cat /opt/one/two/*`)).toBe(
      "640 root adm\n755 root root\nhello",
    );
    await file.delete(test.context, id, state);
    expect(await test.sh("ls -A /opt")).toBe("");
    expect(await kept()).toBe("");
    await file.delete(test.context, id, state);
  });

  it("gives back what was there: content, mode, owner, time, or a link", async () => {
    await test.sh(
      "echo before >/etc/before; chmod 0604 /etc/before; chown 7:8 /etc/before; touch -d 2001-02-03 /etc/before; ln -s before /etc/link",
    );
    const look = "stat -c '%n %a %u %g %Y' /etc/before; cat /etc/before; readlink /etc/link";
    const before = await test.sh(look);
    const first = await wantedFile({ path: "/etc/before", content: "1\n" });
    const second = await wantedFile({ path: "/etc/before", content: "2\n", owner: "0" });
    const link = await wantedFile({ path: "/etc/link", content: "no link\n" });
    const { state } = await file.create(test.context, first);
    await file.create(test.context, first);
    const state2 = await file.update(test.context, "/etc/before", state, second);
    await file.create(test.context, link);
    expect(await test.sh("cat /etc/before /etc/link; stat -c %F /etc/link")).toBe("2\nno link\nregular file");
    expect((await file.read(test.context, "/etc/before", state2))?.inputs).toEqual(second);
    await file.delete(test.context, "/etc/before", state2);
    await file.delete(test.context, "/etc/link", link);
    expect(await test.sh(look)).toBe(before);
    expect(await kept()).toBe("");
  });

  it("shows a change by hand, line by line, and is mended", async () => {
    const wanted = await wantedFile({ path: "/etc/lines", content: "a\nb\nc\n" });
    const { state } = await file.create(test.context, wanted);
    await test.sh("sed -i s/b/B/ /etc/lines; chmod 0777 /etc/lines");
    const found = await file.read(test.context, "/etc/lines", state);
    expect(await file.diff(found?.state ?? state, wanted, () => false)).toEqual({
      changed: ["mode", "content"],
      replaces: [],
      notes: ["/etc/lines changes:\n  a\n- B\n+ b\n  c"],
    });
    expect(await file.diff(found?.state ?? state, wanted, () => true)).toMatchObject({
      notes: ["/etc/lines changes; its content is secret"],
    });
    await file.update(test.context, "/etc/lines", found?.state ?? state, wanted);
    expect((await file.read(test.context, "/etc/lines", state))?.inputs).toEqual(wanted);
    await file.delete(test.context, "/etc/lines", wanted);
    expect(await kept()).toBe("");
  });

  it("that was removed by hand is mended, or gives back what was there before it", async () => {
    await test.sh("echo before >/etc/removed");
    const [replaced, fresh] = [
      await wantedFile({ path: "/etc/removed", content: "ours\n" }),
      await wantedFile({ path: "/opt/fresh/removed", source: source("removed", Buffer.from("ours\n")) }),
    ];
    for (const wanted of [replaced, fresh]) {
      const { id, state } = await file.create(test.context, wanted);
      await test.sh(`rm ${wanted.path}`);
      const found = (await file.read(test.context, id, state))?.state ?? state;
      expect(await file.diff(found, wanted, () => false)).toMatchObject({
        changed: [wanted.content === undefined ? "sha256" : "content"],
        notes: [expect.stringMatching(`^${wanted.path} is new:`) as string],
      });
      await file.update(test.context, id, found, wanted);
      expect((await file.read(test.context, id, found))?.inputs).toEqual(wanted);
      await test.sh(`rm ${wanted.path}`);
      await file.delete(test.context, id, (await file.read(test.context, id, state))?.state ?? state);
    }
    expect(await test.sh("cat /etc/removed; ls -A /opt")).toBe("before");
    expect(await kept()).toBe("");
  });

  it("is known from its inputs where its making was cut, until it is taken away", async () => {
    const wanted = await wantedFile({ path: "/opt/cut/file", content: "ours\n" });
    expect(await file.read(test.context, wanted.path, wanted)).toBeUndefined();
    const cut = `${beginning(wanted)}; lock; keep "$path" ${recordOf(wanted.path)}; make_directory "$folder"; kill -9 $$`;
    expect(await failure(test.sh(cut))).toMatch(/./);
    const found = await file.read(test.context, wanted.path, wanted);
    expect(found).toBeDefined();
    await file.delete(test.context, wanted.path, found?.state ?? wanted);
    expect(await test.sh("ls -A /opt")).toBe("");
    expect(await kept()).toBe("");
  });

  it("comes from a big local file, packed or not, and is hashed once", async () => {
    const packable = source("packable", Buffer.alloc(3_000_000, "k3s-board "));
    const random = source("random", randomBytes(3_000_000));
    const files = await Promise.all(
      [packable, random].map((path, index) => wantedFile({ path: `/opt/big${index}`, source: path, mode: "0755" })),
    );
    for (const wanted of files) await file.create(test.context, wanted);
    await test.sh("sleep 3");
    const read = async () => {
      const trips = test.board.roundTrips;
      const found = await Promise.all(files.map((wanted) => file.read(test.context, wanted.path, wanted)));
      expect(found.map((one) => one?.inputs)).toEqual(files);
      expect(test.board.roundTrips - trips).toBe(1);
    };
    await read();
    expect(await test.sh("wc -l </var/lib/k3s-board/hashes")).toBe("2");
    await read();
    await test.sh("printf x | dd of=/opt/big1 bs=1 seek=100 conv=notrunc status=none");
    const [, changed] = await Promise.all(files.map((wanted) => file.read(test.context, wanted.path, wanted)));
    expect(changed?.inputs.sha256).not.toBe(files[1]?.sha256);
    for (const wanted of files) await file.delete(test.context, wanted.path, wanted);
    expect(await kept()).toBe("");
  });

  it("that does not fit is refused before anything is written", async () => {
    const wanted = await wantedFile({ path: "/mnt/small/new/big", source: source("too-big", randomBytes(6_000_000)) });
    expect(await failure(file.create(test.context, wanted))).toMatch(
      /^root@127\.0\.0\.1:\d+: \/mnt\/small\/new\/big was not written: no space: it needs 5924 KiB, \/mnt\/small\/new has \d+ KiB left\. Nothing was changed\. Free some space/,
    );
    expect(await test.sh("find /mnt/small")).toBe("/mnt/small");
    expect(await kept()).toBe("");
  });

  it("keeps the old one when the disk fills up on the way", async () => {
    await test.sh("echo old >/mnt/small/file");
    // Its own record does not fit: the state directory is on a full file system.
    await test.sh(
      "mkdir -p /var/lib/k3s-board; mount -t tmpfs -o size=64k,mode=700 tmpfs /var/lib/k3s-board; head -c 1M /dev/zero >/var/lib/k3s-board/full || :",
    );
    const wanted = await wantedFile({ path: "/mnt/small/file", content: "new\n" });
    expect(await failure(file.create(test.context, wanted))).toMatch(
      /was not written: no space: what was there before is kept in .*Free some space/,
    );
    expect(
      await test.sh(
        "cat /mnt/small/file; ls -A /mnt/small; umount /var/lib/k3s-board; rmdir /var/lib/k3s-board; rm /mnt/small/file",
      ),
    ).toBe("old\nfile");
  });

  it("does not take the place of a directory, and names an owner that is not there", async () => {
    await test.sh("mkdir -p /opt/dir");
    expect(await failure(file.create(test.context, await wantedFile({ path: "/opt/dir", content: "" })))).toContain(
      "there is a directory at /opt/dir",
    );
    const orphan = await wantedFile({ path: "/opt/file", content: "", owner: "nobody-here" });
    expect(await failure(file.create(test.context, orphan))).toMatch(
      /invalid user.*The owner or group does not exist on the board/,
    );
    expect(await test.sh("ls -A /opt; rmdir /opt/dir")).toBe("dir");
    expect(await kept()).toBe("");
  });
});

/** Begins to write a file whose last bytes are long in coming. */
function writeSlowly(path: string, content: string) {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const goal = { path, size: content.length, sha256, mode: "0644", owner: "root", group: "root" };
  const { stdin, end } = slowStdin(content.slice(0, 2));
  const purpose = `writing ${path} slowly`;
  return { written: test.board.run(writeScript(goal, false), { purpose, stdin }), end };
}
/** The temporary file beside a path, once there is another one than before. */
async function temporaryBeside(path: string, before = ""): Promise<string> {
  const look = () => test.sh(`stat -c %i -- ${temporaryOf(path)} 2>/dev/null || :`);
  await expect.poll(look).toMatch(new RegExp(`^(?!${before}$).`));
  return look();
}

describe("a write that was left behind", () => {
  const path = "/opt/left/file";
  const original = () => test.sh("mkdir -p /opt/left; echo theirs >/opt/left/file");
  const nothingIsLeft = async () => {
    await removeFile(test.board, path);
    expect(await test.sh("cat /opt/left/*; ls -A /opt/left; rm -r /opt/left")).toBe("theirs\nfile");
    expect(await kept()).toBe("");
  };

  it("takes nothing away from the run that came after it, and what was there comes back", async () => {
    await original();
    const left = writeSlowly(path, "left behind\n");
    await temporaryBeside(path);
    await file.create(test.context, await wantedFile({ path, content: "next\n" }));
    left.end("");
    expect((await left.written).code).not.toBe(0);
    expect(await test.sh("cat /opt/left/*; ls -A /opt/left")).toBe("next\nfile");
    await nothingIsLeft();
  });

  it("leaves the temporary file of a run that has just begun, also with all its bytes", async () => {
    for (const rest of ["", "ft behind\n"]) {
      await original();
      const left = writeSlowly(path, "left behind\n");
      const first = await temporaryBeside(path);
      const next = writeSlowly(path, "next\n");
      await temporaryBeside(path, first);
      left.end(rest);
      expect((await left.written).code).not.toBe(0);
      next.end("xt\n");
      expect((await next.written).code).toBe(0);
      expect(await test.sh("cat /opt/left/*; ls -A /opt/left")).toBe("next\nfile");
      await nothingIsLeft();
    }
  });
});

it("a write that does not get its turn says who has it, and takes nothing away", async () => {
  const path = "/opt/turn/file";
  const first = writeSlowly(path, "first\n");
  await temporaryBeside(path);
  const { stdin, end } = slowStdin("");
  const held = test.board.run("flock /var/lib/k3s-board/lock cat", { purpose: "holding the lock", stdin });
  await expect.poll(() => test.sh("flock -n /var/lib/k3s-board/lock true && echo free || :")).toBe("");
  const goal = { path, size: 2, sha256: "0".repeat(64), mode: "0644", owner: "root", group: "root" };
  for (const script of [writeScript(goal, false), stageScript(goal, "plain", false)]) {
    // it waits for a second instead of two minutes
    const impatient = script.replace(`flock -w ${lockSeconds} 9`, "flock -w 1 9");
    const { code, stderr } = await test.board.run(impatient, { purpose: "waiting", stdin: Buffer.from("x\n") });
    expect([code, stderr]).toEqual([1, expect.stringContaining("another run has held /var/lib/k3s-board/lock")]);
  }
  end("");
  await held;
  first.end("rst\n");
  expect((await first.written).code).toBe(0);
  await removeFile(test.board, path);
  expect(await test.sh("ls -A /opt")).toBe("");
  expect(await kept()).toBe("");
});

describe("many files", () => {
  it("are written side by side; one that fails takes nothing of the others' records away", async () => {
    const slow = writeSlowly("/opt/slow/file", "slow\n");
    await temporaryBeside("/opt/slow/file");
    const refused = await wantedFile({ path: "/opt/refused/file", content: "x", owner: "nobody-has-this-name" });
    await failure(file.create(test.context, refused));
    slow.end("ow\n");
    expect((await slow.written).code).toBe(0);
    await removeFile(test.board, "/opt/slow/file");
    expect(await test.sh("ls -A /opt")).toBe("");
    expect(await kept()).toBe("");
  });

  it("are read in one round trip", async () => {
    const files = await Promise.all(
      Array.from({ length: 40 }, (_, index) => wantedFile({ path: `/opt/many/${index}`, content: `${index}\n` })),
    );
    await Promise.all(files.map((wanted) => file.create(test.context, wanted)));
    const trips = test.board.roundTrips;
    const found = await Promise.all(files.map((wanted) => file.read(test.context, wanted.path, wanted)));
    expect(found.map((one) => one?.inputs)).toEqual(files);
    expect(test.board.roundTrips - trips).toBe(1);
    await Promise.all(files.map((wanted) => file.delete(test.context, wanted.path, wanted)));
    expect(await test.sh("ls -A /opt")).toBe("");
    expect(await kept()).toBe("");
  });
});
