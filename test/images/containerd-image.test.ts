import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageArchive } from "../../components/images/archive";
import type { BuiltImage } from "../../components/images/image";
import { containerdImage } from "../../provider/containerd/containerd-image";
import { Ctr } from "../../provider/containerd/ctr";
import type { ListedImage } from "../../provider/containerd/image-list";
import { RegistryClient } from "../../provider/registry/client";
import { readLayout } from "../../provider/registry/layout";
import { pushImage } from "../../provider/registry/push";
import type { Context } from "../../provider/resource";
import { sampleContext } from "../../provider/sample-context";
import type { Board, RunOptions, ScriptResult } from "../../provider/ssh/board";
import { ContainerdServer } from "./containerd-server";
import { RegistryServer } from "./registry-server";
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

/** What was asked of the board: scripts, and `socket` for each connection to containerd's. */
const asked: string[] = [];

/**
 * The board as a run of its own sees it: what an earlier one knew of the images is forgotten.
 *
 * @param root - false for a login that does not reach root's sockets.
 */
function newRun(root = true): Board {
  const run = (script: string, options?: RunOptions) => {
    asked.push(script);
    return runHere(script, options);
  };
  const forwardSocket = async (path: string) => {
    if (!root) throw new Error("refused");
    asked.push("socket");
    const socket = connect(path);
    await once(socket, "connect");
    return socket;
  };
  return {
    label: "root@board",
    run,
    ask: (_key: string, fragment: string) => run(fragment),
    forwardSocket,
  } as unknown as Board;
}

const messages: string[] = [];
/** A request of the engine, in a run of its own unless `board` is given. */
function request(board = newRun()): Context {
  return sampleContext(board, messages);
}

const name = "docker.io/rancher/mirrored-pause:3.10.2";

describe.skipIf(process.getuid?.() !== 0)("ContainerdImage against a real containerd", () => {
  const files = temporaryDirectory();
  let server: ContainerdServer;
  let one: BuiltImage;
  let two: BuiltImage;
  let three: BuiltImage;
  let cacheBefore: string | undefined;

  beforeAll(async () => {
    server = await ContainerdServer.start("riscv64");
    one = await sampleImage(files.path, 1);
    two = await sampleImage(files.path, 2);
    three = await sampleImage(files.path, 3);
    cacheBefore = process.env.K3S_BOARD_CACHE;
    process.env.K3S_BOARD_CACHE = files.path;
  }, 900_000);
  afterAll(async () => {
    if (cacheBefore === undefined) delete process.env.K3S_BOARD_CACHE;
    else process.env.K3S_BOARD_CACHE = cacheBefore;
    await server.stop();
    files.remove();
  });

  const archiveOf = (image: BuiltImage) => imageArchive([{ image, names: [name] }]);
  async function inputs(image: BuiltImage): Promise<Inputs> {
    return containerdImage.inputs.parse({
      connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
      name,
      digest: image.digest,
      archive: await archiveOf(image),
      command: server.command,
    });
  }
  const ctr = () => Ctr.of(newRun(), server.command);
  const remove = (names: readonly string[]) => ctr().change(() => ctr().remove(names));
  const short = ({ name: image, digest, pinned }: ListedImage) => [
    image,
    digest === one.digest ? "one" : "two",
    pinned,
  ];
  const images = async () => ctr().changeImages((all) => Promise.resolve(all.map(short)));

  it("imports, pins, sees drift and a lost pin, mends them, and takes the image away", async () => {
    const wanted = await inputs(one);
    const { id, state } = await containerdImage.create(request(), wanted);
    expect(await images()).toEqual([[name, "one", true]]);
    expect(await containerdImage.read(request(), id, state)).toEqual({ state: wanted, inputs: wanted });

    await ctr().import(await archiveOf(two));
    const drifted = await containerdImage.read(request(), id, state);
    expect(drifted?.state).toMatchObject({ digest: two.digest, pinned: false });
    expect(containerdImage.diff(drifted?.state ?? state, wanted, () => false)).toMatchObject({
      changed: ["digest", "pinned"],
    });
    await containerdImage.update(request(), id, drifted?.state ?? state, wanted);
    expect(await images()).toEqual([[name, "one", true]]);

    const loose = { ...wanted, pinned: false };
    await containerdImage.update(request(), id, state, loose);
    expect(await images()).toEqual([[name, "one", false]]);
    expect(await containerdImage.read(request(), id, loose)).toEqual({ state: loose, inputs: loose });

    await remove([name]);
    expect(await containerdImage.read(request(), id, state)).toBeUndefined();
    await containerdImage.create(request(), wanted);
    await containerdImage.delete(request(), id, state);
    expect(await images()).toEqual([]);
    await containerdImage.delete(request(), id, state);
  });

  it("gives a name back what it was before", async () => {
    await ctr().import(await archiveOf(two));
    const { id, state } = await containerdImage.create(request(), await inputs(one));
    expect(await images()).toEqual([
      [name, "one", true],
      [`original.k3s-board.local/${name}`, "two", true],
    ]);
    // nobody saw the end of that run, and the next one wants another image
    await containerdImage.create(request(), await inputs(three));
    expect(await images()).toContainEqual([`original.k3s-board.local/${name}`, "two", true]);
    await containerdImage.delete(request(), id, state);
    expect(await images()).toEqual([[name, "two", false]]);
    await remove([name]);
  });

  it("asks once for all that a run reads, and once more for all that it changes", async () => {
    const names = ["a", "b", "c"].map((tag) => `docker.io/test/image:${tag}`);
    const wanted = await Promise.all(
      names.map(async (other) => ({
        ...(await inputs(one)),
        name: other,
        archive: await imageArchive([{ image: one, names }]),
      })),
    );
    const lists = () => asked.splice(0).filter((one) => one === "socket").length;
    lists();
    const run = request();
    for (const image of wanted) expect(await containerdImage.read(run, image.name, image)).toBeUndefined();
    expect(lists()).toBe(1);
    await Promise.all(wanted.map((image) => containerdImage.create(run, image)));
    // the second is the one behind the only import
    expect(lists()).toBe(2);
    expect(await images()).toEqual(names.map((other) => [other, "one", true]));
    await Promise.all(wanted.map((image) => containerdImage.delete(request(), image.name, image)));
    expect(await images()).toEqual([]);
  });

  it("lists the same through ctr where the login does not reach the socket", async () => {
    const { id, state } = await containerdImage.create(request(), await inputs(one));
    asked.length = 0;
    const list = (root: boolean) => Ctr.of(newRun(root), server.command).read();
    const throughSocket = await list(true);
    expect(throughSocket).toEqual({ kind: "images", images: [{ name, digest: one.digest, pinned: true }] });
    expect(asked.splice(0)).toEqual(["socket"]);
    expect(await list(false)).toEqual(throughSocket);
    expect(asked.splice(0)).toEqual([expect.stringMatching(/ images ls$/)]);
    await containerdImage.delete(request(), id, state);
  });

  it("refuses an archive that holds another image than it should", async () => {
    const archive = await archiveOf(two);
    await expect(containerdImage.create(request(), { ...(await inputs(one)), archive })).rejects.toThrow(
      `${name} is ${two.digest} instead of ${one.digest}`,
    );
    await remove([name]);
  });

  it("is unchanged while containerd is stopped, and gone where there is no ctr", async () => {
    const wanted = await inputs(one);
    await server.halt();
    expect(await containerdImage.read(request(), name, wanted)).toEqual({ state: wanted, inputs: wanted });
    expect(messages.join("\n")).toMatch(/warning: containerd does not answer, so .* is taken as unchanged/);
    await expect(containerdImage.create(request(), wanted)).rejects.toThrow("Check that containerd is running");
    await containerdImage.delete(request(), name, wanted);
    expect(messages.join("\n")).toContain(`${name} stays in containerd's store`);
    await server.run();
    const without = { ...wanted, command: ["/nowhere/k3s", "ctr"] };
    expect(await containerdImage.read(request(), name, without)).toBeUndefined();
    await containerdImage.delete(request(), name, without);
  });
});

describe.skipIf(process.getuid?.() !== 0)("ContainerdImage that containerd pulls from a real registry", () => {
  const files = temporaryDirectory();
  const login = { username: "board", password: "registry-password-1" };
  let registry: RegistryServer;
  let server: ContainerdServer;
  let one: BuiltImage;
  let two: BuiltImage;

  beforeAll(async () => {
    registry = await RegistryServer.start({ login });
    server = await ContainerdServer.start("riscv64", { pulls: { [new URL(registry.url).host]: login } });
    one = await sampleImage(files.path, 1);
    two = await sampleImage(files.path, 2);
    const client = new RegistryClient({ url: registry.url, ...login });
    for (const image of [one, two])
      await pushImage(client, await readLayout(image.layout), { repository: "rancher/mirrored-pause", tag: "1.0" });
    client.close();
  }, 900_000);
  afterAll(async () => {
    await server.stop();
    await registry.stop();
    files.remove();
  });

  const inputs = (image: BuiltImage): Inputs =>
    containerdImage.inputs.parse({
      connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
      name,
      digest: image.digest,
      pull: {
        reference: `${new URL(registry.url).host}/rancher/mirrored-pause@${image.digest}`,
        command: server.crictl,
      },
      command: server.command,
    });
  const images = () => Ctr.of(newRun(), server.command).changeImages((all) => Promise.resolve([...all]));
  const named = async () => (await images()).filter((image) => image.name === name);

  it("pulls with containerd's own credentials, names, pins, mends and removes", async () => {
    const wanted = inputs(one);
    expect((await containerdImage.check?.(wanted, undefined))?.problems).toEqual([]);
    asked.splice(0);
    const { id, state } = await containerdImage.create(request(), wanted);
    expect(await named()).toEqual([{ name, digest: one.digest, pinned: true }]);
    expect(asked.join("\n")).not.toContain(login.password);

    // what a person may do by hand: the tag goes, is moved, loses its pin
    const ctr = Ctr.of(newRun(), server.command);
    await ctr.change(() => ctr.remove([name]));
    expect(await containerdImage.read(request(), id, state)).toBeUndefined();
    asked.splice(0);
    await containerdImage.create(request(), wanted);
    expect(await named()).toEqual([{ name, digest: one.digest, pinned: true }]);
    // the image was there still, so that nothing had to be pulled
    expect(asked.join("\n")).not.toContain("pull");

    await containerdImage.update(request(), id, state, inputs(two));
    expect(await named()).toEqual([{ name, digest: two.digest, pinned: true }]);
    const drifted = await containerdImage.read(request(), id, state);
    expect(drifted?.state.digest).toBe(two.digest);
    await containerdImage.update(request(), id, state, wanted);
    await runHere(`${server.command.join(" ")} -n k8s.io images label ${name} io.cri-containerd.pinned=`);
    expect((await containerdImage.read(request(), id, state))?.state.pinned).toBe(false);
    await containerdImage.update(request(), id, state, wanted);
    expect((await containerdImage.read(request(), id, state))?.state).toEqual(wanted);

    await containerdImage.delete(request(), id, state);
    expect((await images()).filter(({ digest }) => digest === one.digest)).toEqual([]);
  });

  it("says what containerd says of an image that is not to be had", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const wanted = inputs({ ...one, digest });
    await expect(containerdImage.create(request(), wanted)).rejects.toThrow(
      /pulling .*mirrored-pause@sha256:0+ into containerd failed: .*not found/s,
    );
    expect((await containerdImage.check?.({ ...wanted, digest: one.digest }, undefined))?.problems).toEqual([
      { property: "pull.reference", reason: expect.stringContaining("is not the image") as string },
    ]);
  });
});
