import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { copyImage } from "../../provider/registry/copy";
import { blobPath, readLayout } from "../../provider/registry/layout";
import { layoutImage, pushImage } from "../../provider/registry/push";
import { fileSource } from "../../provider/registry/upload";
import { sampleImage } from "./sample-image";
import { digestOfStream, mebibyte, repository, Transfers } from "./transfers";

const transfers = new Transfers();

/** Kills the registry and starts it again a little later, as a service manager would. */
async function restart(): Promise<void> {
  await transfers.server.kill();
  await sleep(1200);
  await transfers.server.run();
}

describe("a pull that breaks off", () => {
  it("goes on where the connection was cut, twice", async () => {
    const place = await transfers.stored();
    const proxy = await transfers.cutting();
    const client = transfers.clientAt(proxy.url);
    proxy.cutAfter("down", 10 * mebibyte);
    let again = false;
    const digest = await digestOfStream(client.blob(place, transfers.layer), (bytes) => {
      if (bytes < 16 * mebibyte || again) return;
      again = true;
      proxy.cutAfter("down", mebibyte);
    });
    expect(digest).toBe(transfers.layer.digest);
    expect(proxy.cuts).toBe(2);
    expect(transfers.notes.filter((note) => /reading blob .* broke off .*; goes on at \d+/.test(note))).toHaveLength(2);
    // Only what was on its way is asked for again; with a cut in the middle of the wire that is nothing.
    expect(client.traffic.received).toBe(transfers.layer.size);
  });

  it("goes on after the registry was killed and started again", async () => {
    const place = await transfers.stored();
    const client = transfers.clientAt(transfers.server.url);
    let restarted: Promise<void> | undefined;
    const digest = await digestOfStream(client.blob(place, transfers.layer), (bytes) => {
      if (bytes > 4 * mebibyte) restarted ??= restart();
    });
    await restarted;
    expect(digest).toBe(transfers.layer.digest);
    expect(transfers.notes.join("\n")).toMatch(/goes on at/);
    expect(client.traffic.received).toBe(transfers.layer.size);
  });

  it("is right at a server that knows no ranges", async () => {
    const place = await transfers.stored();
    const proxy = await transfers.cutting();
    const rangeless = await transfers.intercepting((request) => {
      delete request.headers.range;
      return false;
    }, proxy.url);
    proxy.cutAfter("down", 6 * mebibyte);
    const client = transfers.clientAt(rangeless.url);
    expect(await digestOfStream(client.blob(place, transfers.layer))).toBe(transfers.layer.digest);
    expect(client.traffic.received).toBeGreaterThan(transfers.layer.size + 5 * mebibyte);
  });

  it("starts where it is told to", async () => {
    const place = await transfers.stored();
    let length = 0;
    for await (const chunk of transfers
      .clientAt(transfers.server.url)
      .blob(place, transfers.layer, { from: transfers.layer.size - 1000 }))
      length += chunk.length;
    expect(length).toBe(1000);
  });
});

describe("a push that breaks off", () => {
  const chunkBytes = 4 * mebibyte;

  it("goes on where the registry says it is after the connection was cut", async () => {
    const proxy = await transfers.cutting();
    const client = transfers.clientAt(proxy.url, { chunkBytes });
    const place = repository();
    proxy.cutAfter("up", 14 * mebibyte);
    await pushImage(client, transfers.layout, { repository: place, tag: "1.0" });
    expect(await transfers.clientAt(transfers.server.url).resolve(place, "1.0")).toBe(transfers.layout.digest);
    expect(proxy.cuts).toBe(1);
    expect(client.traffic.sent).toBeLessThan(transfers.layer.size + chunkBytes + mebibyte);
  });

  it("goes on where the registry says it is after it was killed and started again", async () => {
    const client = transfers.clientAt(transfers.server.url, { chunkBytes });
    let restarted: Promise<void> | undefined;
    const seen: string[] = [];
    const place = repository();
    await pushImage(
      client.noting((note) => {
        seen.push(note);
        if (/^(8|9|1\d)\.\d MB of/.test(note)) restarted ??= restart();
      }),
      transfers.layout,
      { repository: place, tag: "1.0" },
    );
    await restarted;
    const onward = seen
      .map((note) => /Going on at (\d+) of/.exec(note)?.[1])
      .filter(Boolean)
      .map(Number);
    expect(onward.length).toBeGreaterThan(0);
    expect(Math.min(...onward)).toBeGreaterThanOrEqual(8_000_000);
    expect(await transfers.clientAt(transfers.server.url).resolve(place, "1.0")).toBe(transfers.layout.digest);
    expect(client.traffic.sent).toBeLessThan(transfers.layer.size + 2 * chunkBytes);
  });

  it("was given up, and the next run finishes it", async () => {
    const client = transfers.clientAt(transfers.server.url, { chunkBytes, retries: 0 });
    const place = repository();
    let killed: Promise<void> | undefined;
    const noting = client.noting(() => void (killed ??= transfers.server.kill()));
    await expect(
      noting.uploadBlob(
        place,
        transfers.layer,
        fileSource(blobPath(transfers.layout.directory, transfers.layer.digest)),
      ),
    ).rejects.toThrow(/does not answer/);
    await killed;
    await transfers.server.run();
    const nextRun = transfers.clientAt(transfers.server.url, { chunkBytes });
    await pushImage(nextRun, transfers.layout, { repository: place, tag: "1.0" });
    expect(nextRun.traffic.sent).toBeLessThan(transfers.layer.size - 3 * mebibyte);
    expect(await nextRun.resolve(place, "1.0")).toBe(transfers.layout.digest);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["says so", (response) => void response.writeHead(413, { connection: "close" }).end()],
    // what it says is often lost, as it is sent while the chunk still is
    ["closes the connection", (response) => void response.destroy()],
  ])("takes smaller chunks where the registry, or a proxy before it, %s", async (_title, refuse) => {
    const proxy = await transfers.intercepting((request, response) => {
      if (request.method !== "PATCH" || Number(request.headers["content-length"]) <= mebibyte) return false;
      refuse(response);
      return true;
    });
    const client = transfers.clientAt(proxy.url, { chunkBytes: 2 * mebibyte });
    const place = repository();
    await pushImage(client, transfers.layout, { repository: place, tag: "1.0" });
    expect(await client.resolve(place, "1.0")).toBe(transfers.layout.digest);
  });
});

describe("a copy from registry to registry", () => {
  it("of one blob goes on after both ends broke off", async () => {
    const place = await transfers.stored();
    const target = await transfers.another();
    const upstream = await transfers.cutting();
    const proxy = await transfers.cutting(target.port);
    const from = transfers.clientAt(upstream.url);
    const to = transfers.clientAt(proxy.url, { chunkBytes: 4 * mebibyte });
    upstream.cutAfter("down", 9 * mebibyte);
    proxy.cutAfter("up", 14 * mebibyte);
    const copied = await copyImage(from.image(place, transfers.layout.digest), {
      client: to,
      repository: place,
      tag: "1.0",
    });
    expect(copied).toMatchObject({ blobs: 2 });
    expect([upstream.cuts, proxy.cuts]).toEqual([1, 1]);
    expect(await digestOfStream(to.blob(place, transfers.layer))).toBe(transfers.layer.digest);

    const sent = to.traffic.sent;
    const received = from.traffic.received;
    const again = await copyImage(from.image(place, transfers.layout.digest), {
      client: to,
      repository: place,
      tag: "1.0",
    });
    expect(again).toMatchObject({ bytes: 0, blobs: 0 });
    // The manifest only, once each way.
    expect(to.traffic.sent - sent).toBe(transfers.layout.manifest.length);
    expect(from.traffic.received - received).toBe(transfers.layout.manifest.length);
  });

  it("brings an index with all its images, and nothing the second time", async () => {
    const from = transfers.clientAt(transfers.server.url);
    const place = repository();
    const images = await Promise.all([2, 3].map((seed) => sampleImage(transfers.files.path, seed)));
    const manifests = [];
    for (const [at, image] of images.entries()) {
      const one = await readLayout(image.layout);
      await pushImage(from, one, { repository: place, tag: `part-${at}` });
      const platform = { os: "linux", architecture: ["riscv64", "arm64"][at] };
      manifests.push({ mediaType: one.mediaType, digest: one.digest, size: one.manifest.length, platform });
    }
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    await from.putManifest(place, "all", mediaType, index);
    const digest = await from.resolve(place, "all");
    if (digest === undefined) throw new Error("no index");

    const target = await transfers.another();
    const to = transfers.clientAt(target.url);
    const copied = await copyImage(from.image(place, digest), { client: to, repository: "copy/all", tag: "1.0" });
    expect(copied.total.blobs).toBe(copied.blobs);
    expect(copied.blobs).toBeGreaterThanOrEqual(3);
    expect(await to.resolve("copy/all", "1.0")).toBe(digest);
    for (const image of images) expect(await to.resolve("copy/all", image.digest)).toBe(image.digest);
    const again = await copyImage(from.image(place, digest), { client: to, repository: "copy/all", tag: "2.0" });
    expect(again).toMatchObject({ bytes: 0, blobs: 0 });
  });

  it("within one registry moves no blob at all", async () => {
    const place = await transfers.stored();
    const client = transfers.clientAt(transfers.server.url);
    const elsewhere = repository();
    const copied = await copyImage(client.image(place, transfers.layout.digest), {
      client,
      repository: elsewhere,
      tag: "alias",
    });
    expect(copied).toMatchObject({ bytes: 0, blobs: 0 });
    expect(client.traffic.sent).toBe(transfers.layout.manifest.length);
    expect(await client.resolve(elsewhere, "alias")).toBe(transfers.layout.digest);
  });

  it("sends a layer once for images that are pushed at the same time", async () => {
    const target = await transfers.another();
    const client = transfers.clientAt(target.url);
    const places = ["a/one", "a/two", "a/two", "a/three"];
    await Promise.all(
      places.map((place, at) => pushImage(client, transfers.layout, { repository: place, tag: `t${at}` })),
    );
    expect(client.traffic.sent).toBeLessThan(transfers.layer.size + 100_000);
    for (const [at, place] of places.entries())
      expect(await client.resolve(place, `t${at}`)).toBe(transfers.layout.digest);
  });

  it("sends a layer once to a registry that gets it in two repositories", async () => {
    const target = await transfers.another();
    const client = transfers.clientAt(target.url);
    await pushImage(client, transfers.layout, { repository: "one", tag: "1" });
    const { sent } = client.traffic;
    expect(await pushImage(client, transfers.layout, { repository: "two", tag: "1" })).toMatchObject({
      bytes: 0,
      blobs: 0,
    });
    expect(client.traffic.sent - sent).toBe(transfers.layout.manifest.length);
  });

  it("refuses a blob with another digest before the tag is there", async () => {
    const place = await transfers.stored();
    const damaging = await transfers.intercepting((request, response) => {
      if (!(request.method === "GET" && request.url?.endsWith(transfers.layer.digest))) return false;
      response
        .writeHead(200, { "content-length": String(transfers.layer.size) })
        .end(Buffer.alloc(transfers.layer.size, 7));
      return true;
    });
    const target = await transfers.another();
    const to = transfers.clientAt(target.url);
    const from = transfers.clientAt(damaging.url);
    const copy = copyImage(from.image(place, transfers.layout.digest), { client: to, repository: place, tag: "1.0" });
    await expect(copy).rejects.toMatchObject({ trouble: "digest" });
    await expect(copy).rejects.toThrow(new RegExp(`registry .*: .*${transfers.layer.digest}.* has digest sha256:`));
    expect(await to.resolve(place, "1.0")).toBeUndefined();
    expect(await to.hasBlob(place, transfers.layer)).toBe(false);
  });

  it("refuses a blob that is too long, and a manifest with another digest", async () => {
    const place = await transfers.stored();
    const damaging = await transfers.intercepting((request, response) => {
      if (request.method !== "GET") return false;
      const isLayer = request.url?.endsWith(transfers.layer.digest) ?? false;
      if (isLayer) response.end(Buffer.alloc(transfers.layer.size + 1));
      else response.end(transfers.layout.manifest.subarray(1));
      return true;
    });
    const client = transfers.clientAt(damaging.url);
    await expect(digestOfStream(client.blob(place, transfers.layer))).rejects.toThrow(/is longer than the \d+ bytes/);
    await expect(client.manifest(place, transfers.layout.digest)).rejects.toMatchObject({ trouble: "digest" });
  });

  it("says what upstream does not have", async () => {
    const client = transfers.clientAt(transfers.server.url);
    const missing = `sha256:${"0".repeat(64)}`;
    const to = { client, repository: repository(), tag: "1" };
    await expect(copyImage(client.image("no/where", missing), to)).rejects.toThrow("it has no manifest sha256:000");
    await expect(digestOfStream(client.blob("no/where", { ...transfers.layer, digest: missing }))).rejects.toThrow(
      "it has no blob",
    );
  });
});

it("a source with other bytes than its digest says is refused before it is sent whole", async () => {
  const client = transfers.clientAt(transfers.server.url, { chunkBytes: 4 * mebibyte });
  const wrong = { ...layoutImage(transfers.layout).blob(transfers.layer) };
  const source = {
    open: async function* (from: number) {
      for await (const chunk of wrong.open(from)) yield Buffer.from(chunk.map((byte) => byte ^ 1));
    },
  };
  const place = repository();
  await expect(client.uploadBlob(place, transfers.layer, source)).rejects.toMatchObject({ trouble: "digest" });
  expect(await client.hasBlob(place, transfers.layer)).toBe(false);
});
