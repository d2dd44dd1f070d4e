import { describe, expect, it } from "vitest";
import { recordOf } from "../files/originals";
import { sampleContext } from "../sample-context";
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
