import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageArchive } from "../../components/images/archive";
import type { BuiltImage } from "../../components/images/image";
import { containerdImage } from "../../provider/containerd/containerd-image";
import { Ctr } from "../../provider/containerd/ctr";
import type { ListedImage } from "../../provider/containerd/image-list";
import type { Context } from "../../provider/resource";
import type { Board, RunOptions, ScriptResult } from "../../provider/ssh/board";
import { ContainerdServer } from "./containerd-server";
import { sampleImage, temporaryDirectory } from "./sample-image";

type Inputs = Parameters<typeof containerdImage.create>[1];

/** The board of these tests is this machine. */
async function runHere(script: string, { stdin }: Pick<RunOptions, "stdin"> = {}): Promise<ScriptResult> {
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number>((done) => child.once("close", (code) => done(code ?? 255)));
  if (stdin === undefined) child.stdin.end();
  else await pipeline(Buffer.isBuffer(stdin) ? [stdin] : stdin, child.stdin).catch(() => undefined);
  return { code: await ended, stdout, stderr };
}

const board = {
  label: "root@board",
  run: (script: string, options: RunOptions) => runHere(script, options),
  ask: (_key: string, fragment: string) => runHere(fragment),
} as unknown as Board;
const messages: string[] = [];
const context: Context = {
  urn: "urn:pulumi:test::test::board:index:ContainerdImage::image",
  board: () => Promise.resolve(board),
  log: (severity, message) => void messages.push(`${severity}: ${message}`),
  mask: (text) => text,
};

const name = "docker.io/rancher/mirrored-pause:3.10.2";

describe.skipIf(process.getuid?.() !== 0)("ContainerdImage against a real containerd", () => {
  const files = temporaryDirectory();
  let server: ContainerdServer;
  let ctr: Ctr;
  let one: BuiltImage;
  let two: BuiltImage;
  let cacheBefore: string | undefined;

  beforeAll(async () => {
    server = await ContainerdServer.start("riscv64");
    ctr = new Ctr(board, server.command);
    one = await sampleImage(files.path, 1);
    two = await sampleImage(files.path, 2);
    cacheBefore = process.env.K3S_BOARD_CACHE;
    process.env.K3S_BOARD_CACHE = files.path;
  }, 900_000);
  afterAll(async () => {
    if (cacheBefore === undefined) delete process.env.K3S_BOARD_CACHE;
    else process.env.K3S_BOARD_CACHE = cacheBefore;
    await server.stop();
    files.remove();
  });

  async function inputs(image: BuiltImage): Promise<Inputs> {
    return containerdImage.inputs.parse({
      connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
      name,
      digest: image.digest,
      archive: await imageArchive(image, [name]),
      command: server.command,
    });
  }
  const short = ({ name: image, digest, pinned }: ListedImage) => [
    image,
    digest === one.digest ? "one" : "two",
    pinned,
  ];
  const images = async () => (await ctr.listNow()).map(short);

  it("imports, pins, sees drift and a lost pin, mends them, and takes the image away", async () => {
    const wanted = await inputs(one);
    expect((await readFile(wanted.archive)).length).toBeGreaterThan(0);
    const { id, state } = await containerdImage.create(context, wanted);
    expect(await images()).toEqual([[name, "one", true]]);
    expect(await containerdImage.read(context, id, state)).toEqual({ state: wanted, inputs: wanted });

    await ctr.import((await inputs(two)).archive);
    const drifted = await containerdImage.read(context, id, state);
    expect(drifted?.state).toMatchObject({ digest: two.digest, pinned: false });
    expect(containerdImage.diff(drifted?.state ?? state, wanted, () => false)).toMatchObject({
      changed: ["digest", "pinned"],
    });
    await containerdImage.update(context, id, drifted?.state ?? state, wanted);
    expect(await images()).toEqual([[name, "one", true]]);

    await ctr.remove([name]);
    expect(await containerdImage.read(context, id, state)).toBeUndefined();
    await containerdImage.create(context, wanted);
    await containerdImage.delete(context, id, state);
    expect(await images()).toEqual([]);
    await containerdImage.delete(context, id, state);
  }, 120_000);

  it("gives a name back what it was before", async () => {
    await ctr.import((await inputs(two)).archive);
    const { id, state } = await containerdImage.create(context, await inputs(one));
    expect(await images()).toEqual([
      [name, "one", true],
      [`original.k3s-board.local/${name}`, "two", true],
    ]);
    await containerdImage.delete(context, id, state);
    expect(await images()).toEqual([[name, "two", false]]);
    await ctr.remove([name]);
  }, 120_000);

  it("refuses an archive that holds another image than it should", async () => {
    const { archive } = await inputs(two);
    await expect(containerdImage.create(context, { ...(await inputs(one)), archive })).rejects.toThrow(
      `${name} is ${two.digest} instead of ${one.digest}`,
    );
    await ctr.remove([name]);
  }, 120_000);

  it("is unchanged while containerd is stopped, and gone where there is no ctr", async () => {
    const wanted = await inputs(one);
    await server.halt();
    expect(await containerdImage.read(context, name, wanted)).toEqual({ state: wanted, inputs: wanted });
    expect(messages.join("\n")).toMatch(/warning: containerd does not answer, so .* is taken as unchanged/);
    await expect(containerdImage.create(context, wanted)).rejects.toThrow("Check that containerd is running");
    await containerdImage.delete(context, name, wanted);
    expect(messages.join("\n")).toContain(`${name} stays in containerd's store`);
    await server.run();
    const without = { ...wanted, command: ["/nowhere/k3s", "ctr"] };
    expect(await containerdImage.read(context, name, without)).toBeUndefined();
    await containerdImage.delete(context, name, without);
  }, 120_000);
});
