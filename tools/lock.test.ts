import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lock, startTime, tryLock } from "./lock";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Another process with the lock module; `script` runs in it with `lock`, `tryLock` and `directory` in scope. */
function otherProcess(script: string): ChildProcess {
  const file = join(directory, `child-${Math.random()}.ts`);
  writeFileSync(
    file,
    `import { lock, tryLock } from ${JSON.stringify(join(__dirname, "lock"))};
     import { appendFileSync } from "node:fs";
     const directory = ${JSON.stringify(join(directory, "the-lock"))};
     void (async () => { ${script} })();`,
  );
  return fork(file, { execArgv: ["--import", "tsx"] });
}

const message = (child: ChildProcess) => new Promise<unknown>((resolve) => child.once("message", resolve));
const exit = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));

describe("lock", () => {
  it("lets one in after the other", async () => {
    const order: string[] = [];
    const release = await lock(directory);
    const second = lock(directory).then((releaseSecond) => {
      order.push("second");
      releaseSecond();
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
    order.push("first ends");
    release();
    await second;
    expect(order).toEqual(["first ends", "second"]);
  });

  it("excludes another process and says which one holds it", async () => {
    const child = otherProcess(`await lock(directory); process.send?.("held"); setInterval(() => {}, 1000);`);
    await message(child);
    expect(tryLock(join(directory, "the-lock"))).toEqual({ heldBy: child.pid });
    let told: number | undefined;
    await expect(
      lock(join(directory, "the-lock"), { timeoutSeconds: 0.2, onWait: (pid) => (told = pid) }),
    ).rejects.toThrow(`process ${child.pid} holds it`);
    expect(told).toBe(child.pid);
    child.kill("SIGKILL");
    await exit(child);
  });

  it("takes over from a process that was killed", async () => {
    const child = otherProcess(`await lock(directory); process.send?.("held"); setInterval(() => {}, 1000);`);
    await message(child);
    child.kill("SIGKILL");
    await exit(child);
    const release = await lock(join(directory, "the-lock"), { timeoutSeconds: 1 });
    release();
  });

  it("takes over from a process number that now belongs to somebody else", async () => {
    writeFileSync(join(directory, "7"), JSON.stringify({ pid: process.pid, started: "an earlier boot/1" }));
    (await lock(directory, { timeoutSeconds: 1 }))();
    expect(readdirSync(directory)).toEqual(["8"]);
  });

  it("never has two holders when many processes race for a dead one's lock", async () => {
    const log = join(directory, "log");
    appendFileSync(log, "");
    const script = `
      for (let round = 0; round < 15; round++) {
        const release = await lock(directory);
        appendFileSync(${JSON.stringify(log)}, "in\\n");
        await new Promise((resolve) => setTimeout(resolve, 1));
        appendFileSync(${JSON.stringify(log)}, "out\\n");
        release();
        if (round === 7 && Math.random() < 0.5) { await lock(directory); process.kill(process.pid, "SIGKILL"); }
      }`;
    const children = Array.from({ length: 5 }, () => otherProcess(script));
    await Promise.all(children.map(exit));
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(5 * 8 * 2);
    lines.forEach((line, index) => expect(line).toBe(index % 2 === 0 ? "in" : "out"));
  }, 60_000);
});

describe("startTime", () => {
  it("is the same for the same process and missing for one that is not there", () => {
    expect(startTime(process.pid)).toBe(startTime(process.pid));
    expect(startTime(2 ** 22 + 1)).toBeUndefined();
  });
});
