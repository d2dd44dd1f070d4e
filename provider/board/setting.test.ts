import { describe, expect, it } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { recordOf } from "../files/originals";
import { stateDirectory } from "../ssh/file-questions";
import { hostsFile } from "./kinds/hosts";
import type { KindName } from "./kinds";
import { recordPath } from "./look";
import { setting } from "./setting";

const connection = connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] });

it("remembers after an update that broke off what it still has to take back", async () => {
  const given = (values: Record<string, string>) => setting.inputs.parse({ connection, kind: "hosts", values });
  const text = "127.0.0.1 localhost\n# begin k3s-board\n192.0.2.8 old.lan\n# end k3s-board\n";
  const content = Buffer.from(text);
  const board = {
    label: "root@board:22",
    ask: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
    file: (path: string) => Promise.resolve(path === hostsFile ? { kind: "file", content } : { kind: "absent" }),
    run: () => Promise.reject(new BoardError("broken", "root@board:22", "the connection broke")),
  };
  const context = sampleContext(board);
  const former = { "192.0.2.8": "old.lan" };
  const found = await setting.read(context, "hosts", { ...given(former), ours: former } as never);
  const wanted = given({ "192.0.2.7": "new.lan" });
  const failed = await setting.update(context, "hosts", found?.state as never, wanted).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PartialFailure);
  const { state } = failed as PartialFailure;
  expect(state).toMatchObject({ values: wanted.values, ours: { ...former, ...wanted.values } });
});

/** A board that has files, and for each script of a setting does what matters here: the note, what was there before, the file. */
class BoardWithFiles {
  readonly label = "root@board:22";
  /** The run is killed in front of this script. */
  killedBefore: string | undefined;
  readonly #files = new Map<string, Buffer>();

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.#files.set(path, Buffer.from(text));
  }

  text(path: string): string | undefined {
    return this.#files.get(path)?.toString("utf8");
  }

  ask = () => Promise.resolve({ code: 0, stdout: "root=/dev/sda1\n", stderr: "" });

  file = (path: string) => {
    const content = this.#files.get(path);
    return Promise.resolve(content === undefined ? { kind: "absent" } : { kind: "file", mode: "0644", content });
  };

  run = (script: string, { purpose, stdin }: { purpose: string; stdin?: Buffer }) => {
    if (this.killedBefore !== undefined && purpose.startsWith(this.killedBefore))
      return Promise.reject(new Error("killed"));
    const [verb, what = ""] = purpose.split(" ");
    const note = /'(\{"before".*\})'/.exec(script)?.[1];
    if (note !== undefined) this.#files.set(recordPath(what as KindName), Buffer.from(note));
    if (verb === "writing" && stdin !== undefined) {
      const kept = `${stateDirectory}/original/${recordOf(what)}/original`;
      this.#files.set(kept, this.#files.get(kept) ?? this.#files.get(what) ?? Buffer.of());
      this.#files.set(what, stdin);
    }
    if (verb === "restoring") {
      const kept = `${stateDirectory}/original/${recordOf(what)}/original`;
      this.#files.set(what, this.#files.get(kept) ?? Buffer.of());
    }
    if (verb === "forgetting") this.#files.delete(recordPath(what as KindName));
    return Promise.resolve({ code: 0, stdout: "", stderr: "" });
  };
}

describe("what an update has added that was killed", () => {
  const cmdline = "/boot/firmware/cmdline.txt";
  const wanted = (...parameters: string[]) =>
    setting.inputs.parse({
      connection,
      kind: "kernelCommandLine",
      values: Object.fromEntries(parameters.map((parameter) => [parameter, "present"])),
    });

  const moments = ["remembering", "writing", "settling", undefined];

  /** An update that adds b to a, killed at a moment, or before the engine has stored what it was told; and what the next run finds. */
  async function killed(moment: string | undefined) {
    const board = new BoardWithFiles({ [cmdline]: "root=/dev/sda1\n" });
    const context = sampleContext(board);
    const { id, state } = await setting.create(context, wanted("a"));
    expect(board.text(cmdline)).toBe("root=/dev/sda1 a\n");
    board.killedBefore = moment;
    const update = setting.update(context, id, state, wanted("a", "b"));
    if (moment === undefined) await update;
    else await expect(update).rejects.toThrow("killed");
    board.killedBefore = undefined;
    const found = await setting.read(context, id, state);
    if (found === undefined) throw new Error("it is gone");
    return { board, context, id, state: found.state };
  }

  it.each(moments)("goes with an update that is without it (%s)", async (moment) => {
    const { board, context, id, state } = await killed(moment);
    const after = await setting.update(context, id, state, wanted("a"));
    expect(board.text(cmdline)).toBe("root=/dev/sda1 a\n");
    const again = await setting.read(context, id, after);
    expect(again?.inputs).toEqual(wanted("a"));
    expect(await setting.diff(again?.state as never, wanted("a"), () => false)).toEqual({ changed: [], notes: [] });
  });

  it.each(moments)("goes with the setting (%s)", async (moment) => {
    const { board, context, id, state } = await killed(moment);
    await setting.delete(context, id, state);
    expect(board.text(cmdline)).toBe("root=/dev/sda1\n");
    expect(board.text(recordPath("kernelCommandLine"))).toBeUndefined();
  });

  it.each(["settling", undefined])("is found as it is, and nothing is to be done for it twice (%s)", async (moment) => {
    const { context, id, state } = await killed(moment);
    const { changed } = await setting.diff(state, wanted("a", "b"), () => false);
    expect(changed).toEqual(moment === undefined ? [] : ["values"]);
    const after = await setting.update(context, id, state, wanted("a", "b"));
    const again = await setting.read(context, id, after);
    expect(again?.inputs).toEqual(wanted("a", "b"));
    expect(await setting.diff(again?.state as never, wanted("a", "b"), () => false)).toMatchObject({ changed: [] });
  });

  it("is not forgotten by another update that is killed as well", async () => {
    const { board, context, id, state } = await killed("settling");
    board.killedBefore = "writing";
    await expect(setting.update(context, id, state, wanted("a", "c"))).rejects.toThrow("killed");
    board.killedBefore = undefined;
    const found = await setting.read(context, id, { ...state, ours: { a: "present" } });
    await setting.update(context, id, found?.state as never, wanted("a"));
    expect(board.text(cmdline)).toBe("root=/dev/sda1 a\n");
  });

  it("is told and taken back where the stack has lost the setting", async () => {
    const { board, context } = await killed("settling");
    const notes = await setting.announce?.(context, wanted("a"), () => false);
    expect(notes?.join("\n")).toContain("+ root=/dev/sda1 a");
    await setting.create(context, wanted("a"));
    expect(board.text(cmdline)).toBe("root=/dev/sda1 a\n");
  });
});
