import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltImage } from "../../components/images/image";
import { RegistryClient } from "../../provider/registry/client";
import { readLayout } from "../../provider/registry/layout";
import { originalTag } from "../../provider/registry/original";
import { pushImage } from "../../provider/registry/push";
import { registryImage } from "../../provider/registry/registry-image";
import { fileSource } from "../../provider/registry/upload";
import { registryImageInputs, type RegistryImageInputs } from "../../provider/registry/schema";
import type { Context } from "../../provider/resource";
import { sampleContext } from "../../provider/sample-context";
import type { Board } from "../../provider/ssh/board";
import { RegistryServer } from "./registry-server";
import { sampleImage, temporaryDirectory } from "./sample-image";

const files = temporaryDirectory();
let server: RegistryServer;
let client: RegistryClient;
let one: BuiltImage;
let two: BuiltImage;

beforeAll(async () => {
  server = await RegistryServer.start();
  client = new RegistryClient({ url: server.url });
  one = await sampleImage(files.path, 1);
  two = await sampleImage(files.path, 2);
}, 900_000);
afterAll(async () => {
  client.close();
  await server.stop();
  files.remove();
});

const messages: string[] = [];
let channels = 0;
/** The board of these tests is this machine: what it forwards to is reached directly. */
const board = {
  label: "root@board",
  forward: (host: string, port: number) => {
    channels++;
    return Promise.resolve(createConnection(port, host));
  },
} as unknown as Board;
const context = sampleContext(board, messages);

/** Inputs for an image in a repository of the test's own. */
function inputs(image: BuiltImage, repository: string, more: object = {}): RegistryImageInputs {
  return registryImageInputs.parse({
    connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
    registry: { url: server.url, throughBoard: true },
    repository,
    tag: "1.0",
    digest: image.digest,
    layout: image.layout,
    ...more,
  });
}
const repository = () => `test/${randomUUID()}`;
const said = () => messages.splice(0).join("\n");

describe("RegistryImage against a real registry", () => {
  it("pushes what is missing, and nothing the second time", async () => {
    const wanted = inputs(one, repository());
    said();
    const { id, state } = await registryImage.create(context, wanted);
    expect(said()).toMatch(/pushed 0\.1 MB of 0\.1 MB \(2 of 2 blobs\)/);
    expect(await client.resolve(wanted.repository, "1.0")).toBe(one.digest);
    expect((await registryImage.read(context, id, state))?.state.digest).toBe(one.digest);

    await registryImage.create(context, wanted);
    expect(said()).toBe("");
    await registryImage.create(context, { ...wanted, tag: "2.0" });
    expect(said()).toContain("all 0.1 MB were there already, only the tag is new");
    const again = await pushImage(client, await readLayout(one.layout), wanted);
    expect(again).toMatchObject({ bytes: 0, blobs: 0 });
  });

  it("uses one channel for many images at once, pushes and misses included", async () => {
    const anotherRun = { ...board };
    const fresh: Context = { ...context, board: () => Promise.resolve(anotherRun) };
    channels = 0;
    const wanted = [one, two, one, two].map((image) => inputs(image, repository()));
    await Promise.all(wanted.map((image) => registryImage.create(fresh, image)));
    await Promise.all(wanted.map((image) => registryImage.read(fresh, "", image)));
    expect(channels).toBe(1);
  });

  it("sees a tag that was moved or removed, and puts it right", async () => {
    const wanted = inputs(one, repository());
    const { id, state } = await registryImage.create(context, wanted);
    await pushImage(client, await readLayout(two.layout), wanted);
    const drifted = await registryImage.read(context, id, state);
    expect(drifted?.inputs.digest).toBe(two.digest);
    expect(registryImage.diff(drifted?.state ?? state, wanted, () => false)).toMatchObject({ changed: ["digest"] });
    await registryImage.update(context, id, drifted?.state ?? state, wanted);
    expect(await client.resolve(wanted.repository, "1.0")).toBe(one.digest);

    await client.deleteManifest(wanted.repository, "1.0");
    expect(await registryImage.read(context, id, state)).toBeUndefined();
  });

  it("takes its tag away, and nobody else's", async () => {
    const wanted = inputs(one, repository());
    const { id, state } = await registryImage.create(context, wanted);
    await pushImage(client, await readLayout(one.layout), { repository: wanted.repository, tag: "theirs" });
    await registryImage.delete(context, id, state);
    expect(await client.tags(wanted.repository)).toEqual(["theirs"]);
    await registryImage.delete(context, id, state);
  });

  it("gives a tag back what it had before the first push", async () => {
    const wanted = inputs(one, repository());
    await pushImage(client, await readLayout(two.layout), wanted);
    const { id, state } = await registryImage.create(context, wanted);
    expect(await client.resolve(wanted.repository, originalTag("1.0"))).toBe(two.digest);
    const three = await sampleImage(files.path, 3);
    const updated = await registryImage.update(context, id, state, inputs(three, wanted.repository));
    await registryImage.delete(context, id, updated);
    expect(await client.resolve(wanted.repository, "1.0")).toBe(two.digest);
    expect(await client.tags(wanted.repository)).toEqual(["1.0"]);
  });

  it("leaves an image that an external registry had before, of another stack or of the user's", async () => {
    const registry = { url: server.url };
    const wanted = inputs(one, repository(), { registry });
    await registryImage.create(context, wanted);
    // another stack wants the same image
    const { id, state } = await registryImage.create(context, wanted);
    const read = await registryImage.read(context, id, state);
    expect(read?.inputs).toEqual(wanted);
    await registryImage.delete(context, id, read!.state);
    expect(await client.resolve(wanted.repository, "1.0")).toBe(one.digest);

    // and then wants another one under that tag
    const moved = await registryImage.update(context, id, read!.state, inputs(two, wanted.repository, { registry }));
    expect(await client.resolve(wanted.repository, "1.0")).toBe(two.digest);
    await registryImage.delete(context, id, moved);
    expect(await client.resolve(wanted.repository, "1.0")).toBe(one.digest);
  });

  it("finishes after the registry was killed in the middle of a blob", async () => {
    const big = await sampleImage(files.path, 4, 24 * 1024);
    const layout = await readLayout(big.layout);
    const wanted = inputs(big, repository());
    let killed: Promise<void> | undefined;
    const impatient = new RegistryClient({ url: server.url, retries: 1 }, () => {
      killed ??= server.kill();
    });
    const broken = pushImage(impatient, layout, wanted);
    await expect(broken).rejects.toThrow(/does not answer/);
    await killed;
    impatient.close();
    const anotherRun: Context = { ...context, board: () => Promise.resolve({ ...board }) };
    expect(await registryImage.read(anotherRun, "", wanted)).toBeUndefined();
    expect(said()).toContain("looked at again once it runs");
    await server.run();
    const { state } = await registryImage.create(context, wanted);
    expect((await registryImage.read(context, "", state))?.state.digest).toBe(big.digest);
    expect(said()).toMatch(/pushed 25\.2 MB of 25\.2 MB/);
  });

  it("says where nobody answers and what to check", async () => {
    const direct = inputs(one, repository(), { registry: { url: "http://127.0.0.1:1" } });
    await expect(registryImage.create(context, direct)).rejects.toThrow(
      /registry http:\/\/127\.0\.0\.1:1: it does not answer \(.*ECONNREFUSED.*\)\. Check that it is running and listens on that address\./,
    );
    expect(await registryImage.read(context, "", direct)).toEqual({ state: direct, inputs: direct });
    expect(messages.at(-1)).toMatch(/^warning: registry .* it does not answer .* is taken as unchanged\.$/);
  });

  it("says that http is spoken where https was meant, and the other way round", async () => {
    const secure = new RegistryClient({ url: server.url.replace("http:", "https:") });
    await expect(secure.resolve("a/b", "1")).rejects.toThrow("Check http against https");
    secure.close();
  });

  it("refuses a manifest and a blob with another digest than they say", async () => {
    const wanted = inputs(one, repository());
    await registryImage.create(context, wanted);
    const layout = await readLayout(two.layout);
    const [layer] = layout.layers;
    if (!layer) throw new Error("no layer");
    const damaged = `${files.path}/damaged`;
    writeFileSync(damaged, Buffer.alloc(layer.size));
    const fresh = new RegistryClient({ url: server.url });
    await expect(fresh.uploadBlob(wanted.repository, layer, fileSource(damaged))).rejects.toThrow(
      "its source has digest",
    );
    fresh.close();
    expect(await client.hasBlob(wanted.repository, layer)).toBe(false);
    await expect(client.putManifest(wanted.repository, "x", layout.mediaType, layout.manifest)).rejects.toThrow(
      /tagging .*:x failed: HTTP 4.*BLOB_UNKNOWN/,
    );
    await expect(registryImage.check?.({ ...wanted, digest: two.digest }, undefined)).resolves.toMatchObject({
      problems: [{ property: "digest" }],
    });
  });
});

describe("RegistryImage from another registry", () => {
  /** Inputs for an image, or an index, of this registry that another one is to have. */
  const mirrored = (target: RegistryServer, digest: string, from: string): RegistryImageInputs =>
    registryImageInputs.parse({
      connection: { host: "board", hostKeys: ["ssh-ed25519 AAAA"] },
      registry: { url: target.url, throughBoard: true },
      repository: "rancher/mirrored-x",
      tag: "1.0",
      digest,
      upstream: { registry: { url: server.url }, repository: from },
    });

  it("copies, moves and removes the tag, and copies nothing twice", async () => {
    const from = repository();
    await pushImage(client, await readLayout(one.layout), { repository: from, tag: "1" });
    await pushImage(client, await readLayout(two.layout), { repository: from, tag: "2" });
    const target = await RegistryServer.start();
    const there = new RegistryClient({ url: target.url });
    try {
      const wanted = mirrored(target, one.digest, from);
      expect((await registryImage.check?.(wanted, undefined))?.problems).toEqual([]);
      said();
      const { id, state } = await registryImage.create(context, wanted);
      expect(said()).toMatch(/pushed 0\.1 MB of 0\.1 MB \(2 of 2 blobs\)/);
      expect(await there.resolve("rancher/mirrored-x", "1.0")).toBe(one.digest);
      await registryImage.create(context, wanted);
      expect(said()).toBe("");

      const later = mirrored(target, two.digest, from);
      expect(registryImage.diff(state, later, () => false)).toMatchObject({ changed: ["digest"] });
      const updated = await registryImage.update(context, id, state, later);
      expect((await registryImage.read(context, id, updated))?.inputs.digest).toBe(two.digest);
      await registryImage.delete(context, id, updated);
      expect(await there.tags("rancher/mirrored-x")).toEqual([]);
    } finally {
      there.close();
      await target.stop();
    }
  });

  it("says what upstream lacks, and sets no tag", async () => {
    const wanted = mirrored(server, two.digest, "no/where");
    await expect(registryImage.create(context, wanted)).rejects.toThrow(`it has no manifest ${two.digest} in no/where`);
    expect(await client.resolve("rancher/mirrored-x", "1.0")).toBeUndefined();
  });
});

describe("a registry that deletes nothing", () => {
  it("keeps the tag, and destroy goes on with a warning", async () => {
    const stubborn = await RegistryServer.start({ deletes: false });
    try {
      const wanted = inputs(one, repository(), { registry: { url: stubborn.url, throughBoard: true } });
      const { id, state } = await registryImage.create(context, wanted);
      said();
      await registryImage.delete(context, id, state);
      expect(said()).toMatch(/warning: .*:1\.0 is not removed: .*does not delete/);
    } finally {
      await stubborn.stop();
    }
  });
});

describe("a registry with a login", () => {
  it("takes the right password, and says so for a wrong one without showing it", async () => {
    const guarded = await RegistryServer.start({ login: { username: "board", password: "right-Pa55" } });
    try {
      const at = (login: object) => inputs(one, "test/login", { registry: { url: guarded.url, ...login } });
      await expect(registryImage.create(context, at({}))).rejects.toThrow("it wants a user name and a password");
      const wrong = registryImage.create(context, at({ username: "board", password: "wr0ng-Pa55" }));
      await expect(wrong).rejects.toThrow("it refuses the user name or the password");
      await expect(wrong).rejects.not.toThrow("wr0ng-Pa55");

      const wanted = at({ username: "board", password: "right-Pa55" });
      const { id, state } = await registryImage.create(context, wanted);
      const stale = { ...state, registry: at({ username: "board", password: "old" }).registry };
      said();
      expect(await registryImage.read(context, id, stale)).toEqual({ state: stale, inputs: stale });
      expect(said()).toContain("is taken as unchanged");
      await registryImage.update(context, id, stale, wanted);
      await registryImage.delete(context, id, wanted);
    } finally {
      await guarded.stop();
    }
  });
});
