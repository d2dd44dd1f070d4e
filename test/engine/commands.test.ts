import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheDirectory } from "../../tools/cache";
import { ensurePulumi } from "../../tools/pulumi";
import { silentProgress } from "../../tools/progress";
import { TestProject } from "./running";

let project: TestProject;
beforeAll(() => {
  project = new TestProject();
});
afterAll(() => project.remove());

const stack = ["--stack", "t"] as const;

/** Everything below a directory. */
function below(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
}

describe("what is wrong with a command line or a configuration ends with code 2, before anything is made", () => {
  it.each([
    ["an unknown option", ["up", "--frob"], /unknown option '--frob'/],
    ["an unknown command", ["frob"], /unknown command 'frob'/],
    ["nobody to ask", ["up", ...stack], /add --yes/],
    ["a stack without a file", ["up", "--stack", "nope", "--yes"], /no Pulumi\.nope\.yaml/],
    ["a stack name that is a path", ["up", "--stack", "../x", "--yes"], /not a stack name/],
  ])("%s", async (_title, args, message) => {
    project.configure({});
    const { code, stderr } = await project.run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
    expect(existsSync(join(project.directory, ".pulumi-state"))).toBe(false);
  });

  it("a missing passphrase", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: "" };
    const { code, stderr } = await project.start(["preview", ...stack], env).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("PULUMI_CONFIG_PASSPHRASE_FILE")]);
  });

  it("a configuration with problems: all of them, and the provider is not started", async () => {
    project.configure({ a: { text: 7 as unknown as string }, b: { text: "x", fail: 1 as unknown as string } });
    const { code, stderr } = await project.run("up", ...stack, "--yes");
    expect(stderr).toMatch(/Pulumi\.t\.yaml: notes\.a\.text.*\nnotes\.b\.fail/);
    expect(code).toBe(2);
  });
});

describe("a stack's life", () => {
  it("previews, makes, and finds nothing to do", async () => {
    project.configure({ one: { text: "a" }, two: { text: "b" } });
    const planned = await project.run("preview", ...stack);
    expect(planned.stdout).toMatch(/\+ {2}create {2}one \(Note\)/);
    expect(planned.stdout).toContain("+2 ~0 -0, 0 unchanged");
    expect(existsSync(project.note("one"))).toBe(false);

    const made = await project.run("up", ...stack, "--yes");
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/\+ {2}one \(Note\) {2}created {2}\d+\.\d s/);
    expect(made.stdout).toContain("password: [secret]");
    expect(made.stdout).not.toContain("\x1b");

    const again = await project.report("up", ...stack, "--yes");
    expect(again).toMatchObject({ code: 0, result: "succeeded", summary: { same: 2, changes: false }, roundTrips: 2 });
    expect((await project.run("preview", ...stack, "--expect-no-changes")).code).toBe(0);
  });

  it.each([[["preview"]], [["up", "--yes"]]])("%j keeps the cache within its limits", async (command) => {
    const cache = mkdtempSync(join(tmpdir(), "cache-"));
    // the engine is in one of them
    for (const kind of ["releases", "go-builds"]) symlinkSync(cacheDirectory(kind), join(cache, kind));
    const { code } = await project.start([...command, ...stack], { K3S_BOARD_CACHE: cache }).ended;
    expect([code, existsSync(join(cache, "pruned"))]).toEqual([0, true]);
    rmSync(cache, { recursive: true });
  });

  it("does what was agreed to behind its question, and is held to what it showed before", async () => {
    const agreed = () => readFileSync(`${project.note("one")}.agreed`, "utf8");
    expect(agreed()).toBe("nothing was shown before");
    project.configure({ one: { text: "c" }, two: { text: "b" } });
    const declined = await project.answer("n", "up", ...stack);
    expect(declined.stdout).toContain("Nothing was changed.");
    expect(readFileSync(project.note("one"), "utf8")).toBe("a");
    const done = await project.answer("y", "up", ...stack);
    expect([done.code, readFileSync(project.note("one"), "utf8")]).toEqual([0, "c"]);
    expect(JSON.parse(agreed())).toEqual({});
    project.configure({ one: { text: "a" }, two: { text: "b" } });
    await project.run("up", ...stack, "--yes");
    expect(agreed()).toBe("nothing was shown before");
  });

  it("shows drift, mends it, and counts round trips", async () => {
    writeFileSync(project.note("one"), "changed by hand");
    const drift = await project.report("preview", ...stack, "--expect-no-changes");
    expect(drift).toMatchObject({
      code: 7,
      summary: { update: 1, same: 1, changes: true },
      resources: expect.arrayContaining([
        expect.objectContaining({ name: "one", operation: "update", changed: ["text"], drift: "changed" }),
      ]) as unknown,
    });
    const verbose = await project.run("preview", ...stack, "--verbose");
    expect(verbose.stdout).toMatch(/run {6}reading\n[^]*2 SSH round trips/);
    await project.run("up", ...stack, "--yes");
    expect(readFileSync(project.note("one"), "utf8")).toBe("a");
  });

  it("says what is gone, without touching it", async () => {
    rmSync(project.note("two"));
    const refreshed = await project.run("refresh", ...stack);
    expect(refreshed.stdout).toContain("two (Note)  is gone from the board");
    expect(existsSync(project.note("two"))).toBe(false);
    expect((await project.run("up", ...stack, "--yes")).stdout).toMatch(/two \(Note\) {2}created/);
  });

  it("shows the engine's own diff when asked", async () => {
    project.configure({ one: { text: "c" }, two: { text: "b" } });
    expect((await project.run("preview", ...stack, "--diff")).stdout).toMatch(/~ text: "a" => "c"/);
  });

  it("reports a failed step with its reason, once, and what is not done", async () => {
    project.configure({ one: { text: "c", fail: "unknown flag: --frob" }, two: { text: "b" } });
    const { code, stdout } = await project.run("up", ...stack, "--yes");
    expect(code).toBe(1);
    expect(stdout.match(/unknown flag: --frob/g)).toHaveLength(1);
    expect(stdout).toContain("not done: one (Note)");
    expect(readFileSync(project.note("one"), "utf8")).toBe("a");
  });

  it("shows an error of the program without a stack trace", async () => {
    project.configure({ one: { text: "a" }, two: { text: "b" } }, { "engine-test:throws": true });
    const { code, stdout, stderr } = await project.run("preview", ...stack);
    expect(code).toBe(1);
    expect(stdout.match(/the program cannot go on/g)).toHaveLength(1);
    expect(stdout + stderr).not.toMatch(/\n\s+at /);
    project.configure({ one: { text: "a" }, two: { text: "b" } });
  });

  it("refuses a wrong passphrase and leaves the stack's file alone", async () => {
    const file = join(project.directory, "Pulumi.t.yaml");
    await project.run("up", ...stack, "--yes");
    const before = readFileSync(file, "utf8");
    const { code, stdout, stderr } = await project.start(["up", ...stack, "--yes"], {
      PULUMI_CONFIG_PASSPHRASE: "wrong",
    }).ended;
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("incorrect passphrase")]);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("keeps secrets and state to its user", async () => {
    const state = join(project.directory, ".pulumi-state");
    for (const path of [state, ...below(state)]) expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    for (const path of below(state).filter((one) => statSync(one).isFile())) {
      expect(readFileSync(path, "utf8")).not.toContain("open sesame");
    }
    const shown = await project.run("stack", ...stack);
    expect(shown.stdout).toMatch(/Last update: up succeeded at .* UTC/);
    expect(shown.stdout).toMatch(/Note +one/);
    expect(shown.stdout).not.toContain("open sesame");
    expect((await project.run("stack", ...stack, "--show-secrets")).stdout).toContain("password: open sesame");
  });

  it("is a normal Pulumi stack: the plain CLI exports and refreshes it", async () => {
    const env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${project.directory}/.pulumi-state`,
      PULUMI_CONFIG_PASSPHRASE: "engine test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const pulumi = await ensurePulumi(silentProgress);
    const plain = (...args: string[]) =>
      execFileSync(pulumi, [...args, ...stack, "--non-interactive"], { cwd: project.directory, env, encoding: "utf8" });
    expect(plain("stack", "export")).toContain("urn:pulumi:t::engine-test::probe:index:Note::one");
    expect(plain("stack", "output", "password", "--show-secrets").trim()).toBe("open sesame");
    expect(plain("refresh", "--yes")).toContain("3 unchanged");
    expect((await project.run("preview", ...stack, "--expect-no-changes")).code).toBe(0);
  });

  it("takes everything away and forgets the stack", async () => {
    const { code, stdout } = await project.run("destroy", ...stack, "--yes", "--remove");
    expect([code, stdout]).toEqual([0, expect.stringContaining("-2")]);
    expect(readdirSync(dirname(project.note("one")))).toEqual([]);
    const gone = await project.run("stack", ...stack);
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining("npm run up -- --stack t")]);
  });
});

it("makes a passphrase of its own for stack dev, and leaves its file as it was", async () => {
  const file = join(project.directory, "Pulumi.dev.yaml");
  const text = `# by hand\nconfig:\n  engine-test:notes: { one: { path: ${project.note("dev")}, text: "x" } } # beside\n`;
  writeFileSync(file, text);
  mkdirSync(join(project.directory, "config"), { recursive: true });
  const env = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: "" };
  for (const command of ["up", "up"]) expect((await project.start([command, "--yes"], env).ended).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(statSync(join(project.directory, "config/k3s-board/dev.passphrase")).mode & 0o777).toBe(0o600);
  expect((await project.start(["stack", "--show-secrets"], env).ended).stdout).toContain("open sesame");
  expect((await project.start(["destroy", "--yes"], env).ended).code).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(text);
});
