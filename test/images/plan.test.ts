import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleLayout } from "../../components/images/audit/samples";
import { imagesConfig } from "../../components/images/config";
import { elfBytes } from "../../components/images/elf-samples";
import { planImages } from "../../components/images/plan";
import { referrersTag, spdxDocument, writeSbom } from "../../components/images/sbom";
import { registriesConfig } from "../../components/registry/upstreams";
import { RegistryClient } from "../../provider/registry/client";
import { readLayoutRoot } from "../../provider/registry/layout";
import { pushImage } from "../../provider/registry/push";
import { RegistryServer } from "./registry-server";

const riscv64 = elfBytes({ machine: 243, flags: 5 });
const amd64 = elfBytes({ machine: 62 });
const program = (content: Buffer) => [{ entries: { app: content } }];
const pause = "docker.io/rancher/mirrored-pause:3.6";
const busybox = "docker.io/rancher/mirrored-library-busybox:1.37.0";

/** A registry that plays Docker Hub; images are planned against it, and then without it. */
let upstream: RegistryServer;
let client: RegistryClient;
const root = mkdtempSync(join(tmpdir(), "plan-"));
const before = process.env.K3S_BOARD_CACHE;
const digests = new Map<string, string>();

beforeAll(async () => {
  upstream = await RegistryServer.start();
  process.env.K3S_BOARD_CACHE = join(root, "cache");
  client = new RegistryClient({ url: upstream.url });
  const put = async (name: string, images: Parameters<typeof sampleLayout>[1]) => {
    const layout = await sampleLayout(root, images);
    const [repository = "", tag = ""] = name.split(":");
    await pushImage(client, await readLayoutRoot(layout.directory), { repository, tag });
    digests.set(name, layout.digest);
  };
  await put("rancher/mirrored-library-busybox:1.37.0", {
    "linux/amd64": program(amd64),
    "linux/arm64": program(amd64),
  });
  await put("library/busybox:1.37.0", { "linux/amd64": program(amd64), "linux/riscv64": program(riscv64) });
  await put("acme/fits:1", { "linux/amd64": program(amd64), "linux/riscv64": program(riscv64) });
  await put("acme/lies:1", { "linux/riscv64": program(amd64) });
}, 900_000);

afterAll(async () => {
  client.close();
  await upstream.stop();
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

function plan(images: object, url = upstream.url) {
  return planImages({
    images: imagesConfig.parse(images),
    system: [
      {
        name: busybox,
        alternatives: Object.values(
          imagesConfig.parse({ a: { kind: "alias", of: "docker.io/library/busybox:1.37.0" } }),
        ),
      },
    ],
    registries: registriesConfig.parse({ "docker.io": { url } }),
    arch: "riscv64",
  });
}

describe("planImages against a registry", () => {
  it("mirrors, aliases and keeps by digest, and says why", async () => {
    const planned = await plan({
      "acme/fits:1": { kind: "mirror" },
      "acme/whole:1": { kind: "mirror", from: "acme/fits:1", platforms: "all" },
      "me/fits:1": { kind: "alias", of: "acme/fits:1" },
    });
    const byName = new Map(planned.map((image) => [image.name, image]));
    const alias = byName.get(busybox);
    expect(alias).toMatchObject({
      strategy: "alias",
      content: { kind: "upstream", repository: "library/busybox", registry: { url: upstream.url } },
      reason: `${busybox} has no linux/riscv64 (it has linux/amd64, linux/arm64); docker.io/library/busybox:1.37.0 has it`,
    });
    expect(byName.get("docker.io/acme/whole:1")?.digest).toBe(digests.get("acme/fits:1"));
    const { digest, platformDigest } = byName.get("docker.io/acme/fits:1") ?? {};
    expect(digest).toBe(platformDigest);
    expect(digest).not.toBe(digests.get("acme/fits:1"));
    expect(byName.get("docker.io/me/fits:1")).toMatchObject({ strategy: "alias", digest });
  });

  it("refuses an image that lies and one without the platform together, each with what it has", async () => {
    const planning = plan({
      "acme/lies:1": { kind: "keep" },
      "me/busybox:1": { kind: "mirror", from: "rancher/mirrored-library-busybox:1.37.0" },
    });
    await expect(planning).rejects.toThrow(
      /2 images cannot be had for linux\/riscv64:[\s\S]*acme\/lies:1 says linux\/riscv64 and is not: [\s\S]*\/app[\s\S]*has no linux\/riscv64 \(it has linux\/amd64, linux\/arm64\)/,
    );
  });

  it("goes by the last answer when the registry is silent, at once, and builds what it never said anything about", async () => {
    await plan({});
    const images = { [pause]: { kind: "alias", of: "me/pause:1" }, "me/pause:1": { kind: "pause" } };
    const started = Date.now();
    const planned = await plan(images, "http://127.0.0.1:9");
    expect(planned.find(({ name }) => name === busybox)).toMatchObject({
      strategy: "alias",
      reason: expect.stringContaining("as of its last answer") as string,
    });
    expect(planned.find(({ name }) => name === pause)).toMatchObject({
      strategy: "alias",
      content: { kind: "layout" },
    });
    expect(Date.now() - started).toBeLessThan(20_000);
    await expect(plan({ "acme/new:1": { kind: "mirror" } }, "http://127.0.0.1:9")).rejects.toThrow(
      /acme\/new:1: the configuration says mirror, and docker\.io does not answer .*ECONNREFUSED/,
    );
  }, 60_000);
});

describe("a list of software", () => {
  it("is found by what refers to the image", async () => {
    const repository = "acme/fits";
    const digest = digests.get("acme/fits:1") ?? "";
    const found = await client.manifest(repository, digest);
    const image = { mediaType: found?.mediaType ?? "", digest, size: found?.bytes.length ?? 0 };
    const directory = join(root, "sbom");
    await writeSbom(image, "1970-01-01T00:00:00Z", spdxDocument(digest, "1970-01-01T00:00:00Z", []), directory);
    await pushImage(client, await readLayoutRoot(directory), { repository, tag: referrersTag(digest) });
    expect(await client.referrers(repository, digest)).toMatchObject([{ artifactType: "application/spdx+json" }]);
  });
});
