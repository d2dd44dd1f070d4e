import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { touchesIn } from "../touches";
import { distributionPackage, isVersion, queryFragment } from "./package";

const connection = { host: "board", hostKeys: ["ssh-ed25519 AAAA"] };

describe("a look for a package, with apt", () => {
  let programs: string;
  const program = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  beforeEach(() => {
    programs = mkdtempSync(join(tmpdir(), "package-"));
    program("apt-get", "exit 9");
  });
  afterEach(() => rmSync(programs, { recursive: true }));
  const look = (dpkgQuery: string) => {
    program("dpkg-query", dpkgQuery);
    const env = { PATH: `${programs}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", queryFragment("curl")], { env, encoding: "utf8" });
    return { code: status, version: stdout.trim(), said: stderr.trim() };
  };

  it("tells the version, and nothing where only its configuration is left or it is not known", () => {
    expect(look("echo 'ii 8.5.0-2'")).toEqual({ code: 0, version: "8.5.0-2", said: "" });
    expect(look("echo 'rc 8.5.0-2'")).toEqual({ code: 0, version: "", said: "" });
    expect(look("echo 'no packages found' >&2; exit 1")).toEqual({ code: 0, version: "", said: "" });
  });

  it("does not take a damaged list for one without the package", () => {
    expect(look("echo 'parsing file: near line 3' >&2; exit 2")).toEqual({
      code: 6,
      version: "",
      said: "parsing file: near line 3",
    });
  });
});

describe("a version", () => {
  it.each([
    ["1.36.3-1.fc43", "1.36.3-1.fc43", true],
    ["1.36.3-1.fc43", "1.36.3", true],
    ["1.36.30-1.fc43", "1.36.3", false],
    ["1:1.36.3-1.fc43", "1.36.3", true],
    ["1:1.36.3-1.fc43", "1.36.3-1.fc43", true],
    ["1:1.36.3-1.fc43", "1:1.36.3", true],
    ["1:1.36.3-1.fc43", "2:1.36.3", false],
    ["1.36.3", "1.36.3-1", false],
  ])("%s is what %s asks for: %s", (installed, asked, is) => {
    expect(isVersion(installed, asked)).toBe(is);
  });

  it("without its release is no change, and stays as it is written", async () => {
    const wanted = distributionPackage.inputs.parse({ connection, name: "k3s", version: "1.36.3" });
    const state = { ...wanted, installedVersion: "1.36.3-1.fc43", installedByUs: true };
    expect(distributionPackage.diff(state, wanted, () => false)).toMatchObject({ changed: [], notes: [] });
    const context = sampleContext({
      ask: () => Promise.resolve({ code: 0, stdout: "1.36.3-1.fc43\n", stderr: "" }),
      file: () => Promise.resolve({ kind: "file" }),
    });
    expect(await distributionPackage.read(context, "k3s", state)).toMatchObject({ inputs: { version: "1.36.3" } });
  });
});

describe("a preview", () => {
  const given = (version?: string) =>
    distributionPackage.inputs.parse({ connection, name: "k3s", ...(version === undefined ? {} : { version }) });
  /** What is told of a package that the stack does not have yet, on a board with that version of it, or none. */
  const announced = (installed: string, version?: string) => {
    const ask = () => Promise.resolve({ code: 0, stdout: `${installed}\n`, stderr: "" });
    return distributionPackage.announce?.(sampleContext({ ask }), given(version), () => false);
  };

  it("tells of a package that is new, and nothing of one that is there", async () => {
    expect(await announced("")).toEqual(["package k3s is installed"]);
    expect(await announced("", "1.36.3")).toEqual(["package k3s is installed in version 1.36.3"]);
    expect(await announced("1.36.2-1.fc43", "1.36.3")).toEqual(["package k3s goes from 1.36.2-1.fc43 to 1.36.3"]);
    expect(await announced("1.36.3-1.fc43", "1.36.3")).toEqual([]);
    expect(await announced("1.36.3-1.fc43")).toEqual([]);
  });

  it("tells of one that goes, unless it was there before us", () => {
    const state = { ...given(), installedVersion: "1.36.3-1.fc43" };
    expect(distributionPackage.removal?.({ ...state, installedByUs: true })).toEqual(["package k3s is removed"]);
    expect(distributionPackage.removal?.({ ...state, installedByUs: false })).toEqual([]);
  });

  it("leaves it to the board what is there of a package of another name", () => {
    const state = { ...given(), name: "k3s-old", installedVersion: "1.36.2-1", installedByUs: true };
    expect(distributionPackage.diff(state, given("1.36.3-1"), () => false)).toMatchObject({
      replaces: ["name"],
      notes: [],
    });
  });

  it("tells of packages in a form that is no file's, unit's or board's", async () => {
    const notes = [
      ...((await announced("")) ?? []),
      ...((await announced("1-1", "2-1")) ?? []),
      "package k3s is removed",
    ];
    expect(touchesIn(notes)).toEqual({ files: [], units: [], reboots: false });
  });
});

describe("k3s as a package", () => {
  const wants = (version: string, allowDowngrade = false) =>
    distributionPackage.inputs.parse({
      connection,
      name: "k3s",
      version,
      upgrade: { kind: "kubernetes", allowDowngrade },
    });
  /** What all that asks the board says of the version that is wanted, where another one is installed; with what was run there. */
  async function answers(installed: string, wanted: ReturnType<typeof wants>) {
    const ran: string[] = [];
    const context = sampleContext({
      label: "root@board:22",
      ask: () => Promise.resolve({ code: 0, stdout: installed, stderr: "" }),
      file: () => Promise.resolve({ kind: "absent" }),
      run: (_script: string, { purpose }: { purpose: string }) => {
        ran.push(purpose);
        return Promise.resolve({ code: 0, stdout: "", stderr: "" });
      },
    });
    const state = { ...wanted, version: installed, installedVersion: installed, installedByUs: true };
    const said = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        return error instanceof BoardError ? error.message.replace(/^root@board:22: |\.$/g, "") : error;
      }
      return undefined;
    };
    const difference = await distributionPackage.diff(state, wanted, () => false);
    const announced = await said(() => distributionPackage.announce?.(context, wanted, () => false));
    const created = await said(() => distributionPackage.create(context, wanted));
    // what the state knows may be older than what is there
    const older = { ...state, installedVersion: "1.0.0-1" };
    const updated = await said(() => distributionPackage.update(context, "k3s", older, wanted));
    return { refusals: [difference.refusal, announced, created, updated], ran };
  }

  it.each<[string, string, boolean, string]>([
    [
      "1.34.2-1.fc43",
      "1.36.3-1.fc43",
      true,
      "package k3s stays as it is: it cannot go from v1.34.2 to v1.36.3 in one step, Kubernetes goes up one minor version at a time: go to v1.35 first",
    ],
    [
      "1:1.36.3+k3s1-1",
      "1:1.35.2+k3s1-1",
      false,
      "package k3s stays as it is: it would go back from v1.36.3+k3s1 to v1.35.2+k3s1, which Kubernetes does not support across minor versions: what " +
        "the newer one has stored may be lost or unreadable. Consent with k3s.allowDowngrade: true, which goes back with the datastore as it is",
    ],
  ])("does not go from %s to %s, downgrade allowed: %s", async (installed, version, allowDowngrade, refusal) => {
    const { refusals, ran } = await answers(installed, wants(version, allowDowngrade));
    expect(refusals).toEqual([refusal, refusal, refusal, refusal]);
    expect(ran).toEqual([]);
  });

  it.each<[string, string, boolean]>([
    ["1.35.2-1.fc43", "1.36.3-1.fc43", false],
    ["1.36.3-1.fc43", "1.36.1-1.fc43", false],
    ["1.36.3-1.fc43", "1.34.1", true],
    ["git20260801", "1.36.3", false],
    ["1.30.0-1", "latest", false],
  ])("may go from %s to %s, downgrade allowed: %s", async (installed, version, allowDowngrade) => {
    const { refusals, ran } = await answers(installed, wants(version, allowDowngrade));
    expect(refusals).toEqual([undefined, undefined, undefined, undefined]);
    expect(ran).toEqual(["installing package k3s", "installing package k3s"]);
  });

  it("is no other because of what is consented to", () => {
    const state = { ...wants("1.36.3-1"), installedVersion: "1.36.3-1", installedByUs: true };
    expect(distributionPackage.diff(state, wants("1.36.3-1", true), () => false)).toEqual({
      changed: [],
      replaces: [],
      notes: [],
    });
  });

  it("is installed in any version where there was none", () => {
    const state = { ...wants("1.36.3-1"), installedVersion: "", installedByUs: true };
    expect(distributionPackage.diff(state, wants("1.36.3-1"), () => false)).not.toHaveProperty("refusal");
  });
});

describe("an installation", () => {
  const wanted = distributionPackage.inputs.parse({ connection, name: "curl" });
  /** A board without the package, whose installation ends in that trouble. */
  const failing = (trouble: BoardError["trouble"]) =>
    sampleContext({
      label: "root@board:22",
      ask: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
      file: () => Promise.resolve({ kind: "absent" }),
      run: (_script: string, { purpose }: { purpose: string }) =>
        purpose.startsWith("installing")
          ? Promise.reject(new BoardError(trouble, "root@board:22", "it ended"))
          : Promise.resolve({ code: 0, stdout: "", stderr: "" }),
    });
  const create = (trouble: BoardError["trouble"]) =>
    distributionPackage.create(failing(trouble), wanted).catch((error: unknown) => error);

  it.each(["cancelled", "broken", "timeout", "unreachable"] as const)(
    "whose end nobody has seen is known to the engine, which removes it (%s)",
    async (trouble) => {
      const error = await create(trouble);
      expect(error).toBeInstanceOf(PartialFailure);
      expect(error).toMatchObject({ id: "curl", state: { name: "curl", installedVersion: "", installedByUs: true } });
    },
  );

  it("that was refused is none", async () => {
    expect(await create("refused")).toBeInstanceOf(BoardError);
  });
});
