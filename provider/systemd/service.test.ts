import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordOf } from "../files/originals";
import { sampleContext } from "../sample-context";
import type { RunOptions } from "../ssh/board";
import { stateDirectory } from "../ssh/file-questions";
import { serviceInputs, unitPath, type ServiceState } from "./schema";
import { systemdService } from "./service";
import { recordDirectory } from "./unit-state";

const wanted = serviceInputs.parse({
  connection: { host: "board", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  name: "k3s",
  unit: "[Service]\nExecStart=/usr/local/bin/k3s server\n",
});
const byHand = "[Service]\nExecStart=/usr/local/bin/k3s server --token abc\n";
const recorded = `${stateDirectory}/original/${recordOf(unitPath("k3s"))}`;

/** A board where somebody has installed the service by hand, and what we may have left besides. */
function boardWith({ said = "", directories = [] }: { said?: string; directories?: readonly string[] }) {
  const content = Buffer.from(byHand);
  const there = {
    kind: "file",
    content,
    size: content.length,
    sha256: "0",
    mode: "0644",
    owner: "root",
    group: "root",
  };
  const shown = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n";
  return {
    label: "root@board:22",
    ask: () => Promise.resolve({ code: 0, stdout: shown + said, stderr: "" }),
    file: (path: string) =>
      Promise.resolve(path === unitPath("k3s") ? there : { kind: directories.includes(path) ? "directory" : "absent" }),
  };
}

const read = (board: object, state: object) => systemdService.read(sampleContext(board), "k3s", state as ServiceState);

describe("a service whose making was killed", () => {
  it("is to be made where what is there is somebody else's", async () => {
    expect(await read(boardWith({}), wanted)).toBeUndefined();
  });

  it.each([
    ["a record of a file", { directories: [recorded] }],
    ["what is remembered of the service", { directories: [recordDirectory("k3s")] }],
    ["how it was before us", { said: "Before=load=loaded active=active enabled=enabled\n" }],
    ["the triggers of a start", { said: "Triggers=abc\n" }],
    ["an open transaction", { said: "Unsettled=yes\n" }],
    ["what a transaction has left", { said: "Unfinished=yes\n" }],
    ["a node that is cordoned", { said: "Cordoned=yes\n" }],
  ])("is known by %s", async (_title, left) => {
    expect(await read(boardWith(left), wanted)).toBeDefined();
  });

  it("is kept without the secrets of others as long as we have not written it", async () => {
    const begun = { directories: [recorded] };
    const found = await read(boardWith(begun), wanted);
    const hidden = byHand.replace("abc", "***");
    expect(found).toMatchObject({ state: { unit: hidden }, inputs: { unit: hidden } });
    const { notes } = await systemdService.diff(found?.state as ServiceState, wanted, () => false);
    expect(notes?.join("\n")).toContain("- ExecStart=/usr/local/bin/k3s server --token ***");
    expect(await read(boardWith(begun), found?.state ?? {})).toEqual(found);
    // what the stack wants is no secret to it
    const same = { ...wanted, unit: byHand };
    expect((await read(boardWith(begun), same))?.inputs.unit).toBe(byHand);
    const written = { said: "Before=load=loaded active=active enabled=enabled\n" };
    expect((await read(boardWith(written), wanted))?.inputs.unit).toBe(byHand);
  });
});

it("that the stack has made is known whatever is left of its records", async () => {
  const state: ServiceState = { ...wanted, unsettled: false, needsDaemonReload: false, programReplaced: false };
  expect(await read(boardWith({}), state)).toBeDefined();
});

describe("the flags that a program is started with", () => {
  const help = Array.from({ length: 12 }, (_, index) => `   --flag-${index} value  (test) number ${index}`).join("\n");
  const flags = (...names: string[]) => ({ program: "/usr/local/bin/k3s", command: "server", names });
  const state = (inputs: object): ServiceState => ({
    ...serviceInputs.parse({ ...wanted, ...inputs }),
    unsettled: false,
    needsDaemonReload: false,
    programReplaced: false,
  });

  let directory: string;
  let source: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "k3s-board-service-"));
    source = join(directory, "k3s");
    writeFileSync(source, "program");
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** A board that answers scripts, and what it was told to do, by purpose. */
  function recordingBoard(said: string) {
    const purposes: string[] = [];
    const run = (_script: string, { purpose }: RunOptions) => {
      purposes.push(purpose);
      const stdout = purpose.startsWith("asking") ? help : "staged=k3s version v1.36.3+k3s1\n";
      return Promise.resolve({ code: 0, stdout, stderr: "" });
    };
    return { purposes, board: { ...boardWith({ said }), run } };
  }
  const update = (board: object, old: ServiceState, goal: object) =>
    systemdService.update(sampleContext(board), "k3s", old, serviceInputs.parse({ ...wanted, ...goal }));

  it("that it has lost are refused before a change of its files", async () => {
    const { purposes, board } = recordingBoard("Before=load=loaded active=active enabled=enabled\n");
    const changed = update(board, state({ unit: byHand }), { flags: flags("flag-1", "gone") });
    await expect(changed).rejects.toThrow(
      /k3s\.service was not changed: it would be started with what `k3s server --help` does not list: --gone\. /,
    );
    expect(purposes).toEqual(["asking /usr/local/bin/k3s which flags it has"]);
  });

  it("are asked of a program that is staged, which goes again", async () => {
    const { purposes, board } = recordingBoard("Before=load=loaded active=active enabled=enabled\n");
    const program = { path: "/usr/local/bin/k3s", source, version: "v1.36.3+k3s1" };
    const goal = { unit: byHand, program, flags: flags("flag-1", "flag-12") };
    const changed = update(board, state({ unit: byHand, program: { ...program, sha256: "0".repeat(64) } }), goal);
    await expect(changed).rejects.toThrow(
      /\/usr\/local\/bin\/k3s was not replaced: .*does not list: --flag-12 \(did you mean flag-1\?\)/,
    );
    expect(purposes).toEqual([
      "staging /usr/local/bin/k3s",
      "asking /usr/local/bin/k3s which flags it has",
      "removing what was staged of /usr/local/bin/k3s",
    ]);
  });

  it("are no change by themselves, nor where a state does not have them yet", async () => {
    expect(systemdService.ignored).toContain("flags");
    for (const before of [state({}), state({ flags: flags("flag-1") })]) {
      const after = serviceInputs.parse({ ...wanted, flags: flags("flag-1", "flag-2") });
      expect(await systemdService.diff(before, after, () => false)).toEqual({ changed: [], notes: [] });
    }
  });
});
