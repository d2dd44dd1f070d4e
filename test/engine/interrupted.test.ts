import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { TestProject } from "./running";

const up = ["up", "--stack", "t", "--yes"];
let project: TestProject;

beforeEach(() => {
  project = new TestProject();
  onTestFinished(() => project.remove());
});

/** A stack with one note, and an `up` that is busy for some time with a second one and a change of the first. */
async function busy(waitSeconds = 30) {
  project.configure({ first: { text: "a" } });
  expect((await project.run(...up)).code).toBe(0);
  project.configure({ first: { text: "b", waitSeconds }, second: { text: "c", waitSeconds } });
  const running = project.start(up);
  await project.begun("second");
  return running;
}

/** The next `up`, with nothing slow in it any more. */
function nextUp() {
  project.configure({ first: { text: "b" }, second: { text: "c" } });
  return project.run(...up);
}

async function expectConverged() {
  expect(readFileSync(project.note("first"), "utf8")).toBe("b");
  expect(readFileSync(project.note("second"), "utf8")).toBe("c");
  expect((await project.run("preview", "--stack", "t", "--expect-no-changes")).code).toBe(0);
}

it("settles what a killed engine had begun, and keeps the state as it was", async () => {
  const { ended } = await busy();
  process.kill(project.enginePid(), "SIGKILL");
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(stdout).toContain("the engine was ended by SIGKILL");

  const preview = await project.run("preview", "--stack", "t");
  expect(preview.stdout, preview.stderr).toMatch(/interrupted while .*creating second.*the next up settles that/);
  const next = await nextUp();
  expect(next.stdout).toContain("removed the lock of a run that has died");
  expect(next.stdout).toMatch(/interrupted while .*(creating second, updating first|updating first, creating second)/);
  expect(next.code).toBe(0);
  await expectConverged();
  const copies = join(project.directory, ".pulumi-state/interrupted");
  expect(readdirSync(copies)).toHaveLength(1);
  expect(statSync(join(copies, readdirSync(copies)[0] ?? "")).mode & 0o777).toBe(0o600);
});

it("settles it as well before a restore looks at the board", async () => {
  const { ended } = await busy();
  process.kill(project.enginePid(), "SIGKILL");
  await ended;
  const { code, stdout, stderr } = await project.run("restore", "--stack", "t", "--list");
  expect(stdout).toContain("removed the lock of a run that has died");
  expect(stdout).toMatch(/interrupted while .*creating second/);
  // notes have none: that far it comes
  expect(stderr).toContain("stack t has no datastore of its own on the board");
  expect(code).toBe(1);
});

it("converges behind a killed command: its engine, left alone, is waited for", async () => {
  const running = await busy();
  running.process.kill("SIGKILL");
  await running.ended;
  const next = await nextUp();
  expect(next.stderr + next.stdout).not.toContain("is being changed by");
  expect(next.code).toBe(0);
  await expectConverged();
});

it("converges when everything was killed at once", async () => {
  const running = await busy();
  process.kill(-(running.process.pid ?? 0), "SIGKILL");
  await running.ended;
  expect((await nextUp()).code).toBe(0);
  await expectConverged();
});

it("takes away with destroy what a killed create has left", async () => {
  project.configure({ second: { text: "c", waitSeconds: 0 } });
  expect((await project.run(...up)).code).toBe(0);
  expect((await project.run("destroy", "--stack", "t", "--yes")).code).toBe(0);
  project.configure({ second: { text: "c", waitSeconds: 5 } });
  const running = project.start(up);
  await project.begun("second");
  const engine = project.enginePid();
  // The plugin writes the note and nobody is there to hear of it: stop the engine first, then kill it.
  process.kill(engine, "SIGSTOP");
  for (let tries = 0; !existsSync(project.note("second")) && tries < 400; tries++)
    await new Promise((done) => setTimeout(done, 50));
  expect(existsSync(project.note("second"))).toBe(true);
  process.kill(engine, "SIGKILL");
  await running.ended;
  const destroyed = await project.run("destroy", "--stack", "t", "--yes");
  expect(destroyed.stdout).toContain("interrupted while creating second");
  expect(existsSync(project.note("second"))).toBe(false);
});

it("names a living run that works on the stack", async () => {
  // longer than another command takes on a busy machine; the engine is killed below
  const running = await busy(300);
  const pid = project.enginePid();
  const other = await nextUp();
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(new RegExp(`is being changed by process ${pid} on this machine, for \\d+(\\.\\d)? s`));
  process.kill(pid, "SIGKILL");
  await running.ended;
});

it("finishes the running step at SIGINT and stops in order", async () => {
  project.configure({ first: { text: "a", waitSeconds: 8 } });
  const running = project.start(up);
  await project.begun("first");
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  expect(stdout).toContain("cancelling: the step that runs is finished first");
  expect(code).toBe(130);
  expect(readFileSync(project.note("first"), "utf8")).toBe("a");
  expect(project.locks()).toEqual([]);
  project.configure({ first: { text: "a" } });
  expect((await project.run(...up)).stdout).not.toContain("interrupted");
});

it("ends at once at the second SIGTERM", async () => {
  const running = await busy();
  running.process.kill("SIGTERM");
  await new Promise((done) => setTimeout(done, 1000));
  const since = Date.now();
  running.process.kill("SIGTERM");
  expect((await running.ended).code).toBe(130);
  expect(Date.now() - since).toBeLessThan(5000);
  expect((await nextUp()).code).toBe(0);
  await expectConverged();
});

it("goes on to its end when whoever read it has gone", async () => {
  project.configure({ first: { text: "a", waitSeconds: 5 }, second: { text: "c", fail: "a message for nobody" } });
  const running = project.start(up);
  onTestFinished(() => void running.process.kill("SIGKILL"));
  await project.begun("first");
  running.process.stdout?.destroy();
  running.process.stderr?.destroy();
  expect((await running.ended).code).toBe(1);
  expect(readFileSync(project.note("first"), "utf8")).toBe("a");
  expect(project.locks()).toEqual([]);
});
