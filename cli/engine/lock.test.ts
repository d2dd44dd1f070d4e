import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { clearDeadLocks, judgeLock, lockedMessage, type LockOwner } from "./lock";
import { isForeground, parseProcess, processAt } from "./processes";

const self = { hostname: "here", username: "me" };
const owner: LockOwner = { pid: 4711, ...self, timestamp: new Date("2026-01-01T10:00:00Z") };
const before = new Date("2026-01-01T09:59:59Z");
const later = new Date("2026-01-01T11:00:00Z");

describe("judgeLock", () => {
  it.each([
    ["no such process", undefined, "dead"],
    ["the process that took it", { begun: before, orphan: false }, "alive"],
    ["the same number, begun later", { begun: later, orphan: false }, "dead"],
    ["its command was killed", { begun: before, orphan: true }, "orphan"],
    ["start not known", { orphan: false }, "alive"],
  ])("%s", (_title, there, verdict) => expect(judgeLock(owner, self, there)).toBe(verdict));

  it("does not judge other hosts and users", () => {
    expect(judgeLock({ ...owner, hostname: "there" }, self, undefined)).toBe("foreign");
    expect(judgeLock({ ...owner, username: "you" }, self, undefined)).toBe("foreign");
  });
});

describe("lockedMessage", () => {
  const now = owner.timestamp.getTime() + 185_000;
  it("names process and age", () => {
    expect(lockedMessage(owner, "alive", "dev", "/lock", now)).toContain(
      "process 4711 on this machine, for 3 min 05 s",
    );
  });
  it("says what to do about a foreign one", () => {
    expect(lockedMessage(owner, "foreign", "dev", "/lock", now)).toContain("me on here, for 3 min 05 s");
    expect(lockedMessage(owner, "foreign", "dev", "/lock", now)).toContain("remove /lock");
  });
});

describe("clearDeadLocks", () => {
  let state: string;
  let file: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), "lock-"));
    onTestFinished(() => rmSync(state, { recursive: true }));
    const directory = join(state, ".pulumi/locks/organization/k3s-board/dev");
    mkdirSync(directory, { recursive: true });
    file = join(directory, "1.json");
    writeFileSync(file, JSON.stringify(owner));
    writeFileSync(`${file}.attrs`, "{}");
  });

  it("removes a dead run's lock and says so", async () => {
    const said: string[] = [];
    await clearDeadLocks(state, "k3s-board", "dev", { say: (text) => said.push(text), self, lookUp: () => undefined });
    expect([existsSync(file), existsSync(`${file}.attrs`)]).toEqual([false, false]);
    expect(said).toEqual(["removed the lock of a run that has died (process 4711, begun 2026-01-01T10:00:00.000Z)"]);
  });

  it("leaves a living run's lock", async () => {
    const surroundings = { say: () => undefined, self, lookUp: () => ({ begun: before, orphan: false }) };
    await expect(clearDeadLocks(state, "k3s-board", "dev", surroundings)).rejects.toThrow(/process 4711/);
    expect(existsSync(file)).toBe(true);
  });

  it("waits for an orphan, and not for ever", async () => {
    let looks = 0;
    const lookUp = () => (++looks < 3 ? { begun: before, orphan: true } : undefined);
    await clearDeadLocks(state, "k3s-board", "dev", { say: () => undefined, self, lookUp });
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, JSON.stringify(owner));
    const surroundings = {
      say: () => undefined,
      self,
      lookUp: () => ({ begun: before, orphan: true }),
      orphanSeconds: 0.3,
    };
    await expect(clearDeadLocks(state, "k3s-board", "dev", surroundings)).rejects.toThrow(/process 4711/);
  });

  it("has nothing to do without locks", async () => {
    await clearDeadLocks(state, "k3s-board", "other", { say: () => undefined });
  });
});

describe("processes", () => {
  const stat = "77 (a (b) c) S 1 70 70 34816 70 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 0";
  it("reads start and parent", () => {
    expect(parseProcess(stat, 1000)).toEqual({ begun: new Date(1_050_000), orphan: true });
    expect(parseProcess(stat.replace(") S 1 ", ") S 9 "), undefined)).toEqual({ orphan: false });
    expect(parseProcess(stat.replace(") S ", ") Z "), 1000)).toBeUndefined();
  });
  it("tells the foreground group", () => {
    expect(isForeground(stat)).toBe(true);
    expect(isForeground(stat.replace("34816 70", "34816 71"))).toBe(false);
  });
  it("knows this process", () => {
    const begun = processAt(process.pid)?.begun?.getTime() ?? 0;
    expect(Math.abs(begun - (Date.now() - process.uptime() * 1000))).toBeLessThan(3000);
  });
});
