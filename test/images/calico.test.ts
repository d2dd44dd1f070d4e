import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { calicoManifest } from "../../components/kubeadm/cni/calico-manifest";
import { sampleLayout } from "../../components/images/audit/samples";
import { imagesConfig } from "../../components/images/config";
import { elfBytes } from "../../components/images/elf-samples";
import { planImages } from "../../components/images/plan";
import { registriesConfig } from "../../components/registry/upstreams";
import { RegistryClient } from "../../provider/registry/client";
import { readLayoutRoot } from "../../provider/registry/layout";
import { pushImage } from "../../provider/registry/push";
import { RegistryServer } from "./registry-server";

const version = "v3.8.1";
const arm64 = elfBytes({ machine: 183 });
const amd64 = elfBytes({ machine: 62 });
const manifest = `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: calico-node, namespace: kube-system }
spec:
  template:
    spec:
      initContainers:
        - { name: install-cni, image: "calico/cni:${version}" }
        - { name: flexvol-driver, image: "calico/pod2daemon-flexvol:${version}" }
      containers:
        - { name: calico-node, image: "calico/node:${version}" }
`;

/** A registry that plays Docker Hub, with Calico as a report from arm64 servers found it: one image says arm64 and holds x86_64 programs. */
let upstream: RegistryServer;
let client: RegistryClient;
const root = mkdtempSync(join(tmpdir(), "calico-"));
const before = process.env.K3S_BOARD_CACHE;

beforeAll(async () => {
  upstream = await RegistryServer.start();
  process.env.K3S_BOARD_CACHE = join(root, "cache");
  client = new RegistryClient({ url: upstream.url });
  const put = async (repository: string, layers: readonly Readonly<Record<string, Buffer>>[]) => {
    const layout = await sampleLayout(root, {
      "linux/amd64": [{ entries: { "/usr/local/bin/x": amd64 } }],
      "linux/arm64": layers.map((entries) => ({ entries })),
    });
    await pushImage(client, await readLayoutRoot(layout.directory), { repository, tag: version });
  };
  await put("calico/node", [{ "/bin/calico-node": arm64 }]);
  await put("calico/cni", [{ "/opt/cni/bin/calico": arm64 }]);
  // the second layer is as the image was made: a script for any architecture, and the flexvol of the machine that made it
  await put("calico/pod2daemon-flexvol", [
    { "/bin/busybox": arm64 },
    { "/usr/local/bin/flexvol.sh": Buffer.from("#!/bin/sh\n"), "/usr/local/bin/flexvol": amd64 },
  ]);
}, 900_000);

afterAll(async () => {
  client.close();
  await upstream.stop();
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

/** Plans the images of the manifest for a board, as a stack does before anything is touched. */
function plan(arch: "arm64" | "amd64") {
  const { images, problems } = calicoManifest(manifest, { version }, "10.5.0.0/16");
  expect(problems).toEqual([]);
  return planImages({
    images: imagesConfig.parse(Object.fromEntries(images.map(({ image }) => [image, { kind: "mirror" }]))),
    system: [],
    registries: registriesConfig.parse({ "docker.io": { url: upstream.url } }),
    arch,
  });
}

it("refuses Calico whose image says arm64 and holds x86_64 programs, with layer, file and both architectures", async () => {
  const refused = await plan("arm64").then(
    () => "it was taken",
    (error: unknown) => (error as Error).message,
  );
  expect(refused).toMatch(/^one image cannot be had for linux\/arm64:/);
  expect(refused).toMatch(
    /docker\.io\/calico\/pod2daemon-flexvol:v3\.8\.1 says linux\/arm64 and is not: \/usr\/local\/bin\/flexvol \(layer sha256:[0-9a-f]{12}\) is a program for amd64, the image is for arm64/,
  );
  expect(refused).not.toContain("calico/node");
});

it("takes the same images for amd64", async () => {
  expect((await plan("amd64")).map(({ name, strategy }) => [name, strategy])).toEqual([
    ["docker.io/calico/cni:v3.8.1", "mirror"],
    ["docker.io/calico/pod2daemon-flexvol:v3.8.1", "mirror"],
    ["docker.io/calico/node:v3.8.1", "mirror"],
  ]);
});
