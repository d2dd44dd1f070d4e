import { describe, expect, it } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError, type Trouble } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { reboot } from "./reboot";
import { rebootRecord } from "./reboot-reasons";

const connection = connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] });
const wanted = reboot.inputs.parse({ connection, consent: "allowed", forUpdates: true });
const because = "updates of linux-image ask for it";

/** A board that an update waits for a boot on, with the note of a reboot or without. */
function boardWith(record: object | undefined, run: () => Promise<object> = () => Promise.reject(new Error("none"))) {
  const content = Buffer.from(JSON.stringify(record ?? ""));
  return {
    label: "root@board:22",
    ask: () => Promise.resolve({ code: 0, stdout: "boot=now\ncontrollers=\nrequired=linux-image\n", stderr: "" }),
    file: (path: string) =>
      Promise.resolve(record !== undefined && path === rebootRecord ? { kind: "file", content } : { kind: "absent" }),
    run,
  };
}

describe("a reboot whose making was killed", () => {
  const known = (record: object | undefined) =>
    // what the state has then are the inputs alone
    reboot.read(sampleContext(boardWith(record)), "reboot", wanted as Parameters<typeof reboot.read>[2]);

  it("is to be made where it had not begun", async () => expect(await known(undefined)).toBeUndefined());

  it("is known where it had, until its end is seen or the note is taken away", async () => {
    const note = { bootId: "before", reasons: [because] };
    const found = await known(note);
    expect(found?.inputs).toEqual(wanted);
    expect(found?.state).toMatchObject({ boot: { bootId: "now", record: note }, rebooted: "" });
    const { changed, notes } = await reboot.diff(found?.state as never, wanted, () => false);
    expect(changed).toEqual(["settings"]);
    expect(notes?.[0]).toBe("an earlier reboot was interrupted; its end is looked for");
    const scripts: string[] = [];
    const board = boardWith(note, (...[script]: unknown[]) => {
      scripts.push(String(script));
      return Promise.resolve({ code: 0, stdout: "", stderr: "" });
    });
    await reboot.delete(sampleContext(board), "reboot", found?.state as never);
    expect(scripts.join("\n")).toContain(`rm -f -- ${rebootRecord}`);
  });
});

it("stays known where its end was seen", async () => {
  const boot = { bootId: "before", running: {}, controllers: [] };
  const found = await reboot.read(sampleContext(boardWith(undefined)), "reboot", {
    ...wanted,
    boot,
    rebooted: "before",
  });
  expect(found?.state).toMatchObject({ boot: { bootId: "now" }, rebooted: "before" });
});

it.each<[string, Trouble]>([
  ["was cancelled", "cancelled"],
  ["was refused", "refused"],
])("is known to the engine where sending it %s: the note may be on the board", async (what, trouble) => {
  const board = boardWith(undefined, () => Promise.reject(new BoardError(trouble, "root@board:22", what)));
  const failed: unknown = await reboot.create(sampleContext(board), wanted).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PartialFailure);
  expect(failed).toMatchObject({ id: "reboot", state: { ...wanted, rebooted: "" } });
  expect((failed as Error).message).toContain(what);
});
