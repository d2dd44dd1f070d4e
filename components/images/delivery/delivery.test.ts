import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { registriesYaml } from "../../k3s/registries";
import { linux } from "../image";
import type { PlannedImage } from "../plan";
import { parseImageReference } from "../reference";
import { delivery, type DeliveryArgs } from "./delivery";
import { deliveryWays } from "./ways";

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;

function planned(name: string, letter: string, strategy: PlannedImage["strategy"] = "build"): PlannedImage {
  const digest = digestOf(letter);
  const image = {
    digest,
    configDigest: digest,
    layout: "/layout",
    platform: linux("riscv64"),
    size: 1,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
  };
  return { name, strategy, reason: "", digest, platformDigest: digest, content: { kind: "layout", image } };
}

const pause = "docker.io/rancher/mirrored-pause:3.10.2";
const coredns = "docker.io/rancher/mirrored-coredns-coredns:1.14.6";
const provisioner = "docker.io/rancher/local-path-provisioner:v0.0.36";
const busybox = "docker.io/rancher/mirrored-library-busybox:1.37.0";
const hello = "ghcr.io/me/hello:1.0";
const kept = "quay.io/me/kept:1.0";
/** An index whose manifest for the board is another one. */
const whole: PlannedImage = { ...planned(busybox, "d", "mirror"), platformDigest: digestOf("e") };
const images = [
  planned(pause, "a"),
  planned(coredns, "b"),
  planned(provisioner, "c"),
  whole,
  planned(hello, "f"),
  planned(kept, "9", "keep"),
];
const system = [
  { component: "pause", name: pause },
  { component: "coredns", name: coredns },
  { component: "local-storage", name: provisioner },
  { component: "local-storage", name: busybox },
];
const registry = { url: "http://127.0.0.1:5000", username: "u", password: "p" };
const args: DeliveryArgs = { images, system, pause, registry };
const names = (some: readonly { readonly name: string }[]) => some.map(({ name }) => name);
const pauseContained = { name: pause, digest: digestOf("a"), from: { archive: "pause" } };

describe("delivery", () => {
  it("mirror: stands in for the registries of what is pushed, under original names", () => {
    const made = delivery("mirror", args);
    expect(names(made.pushed)).toEqual([pause, coredns, provisioner, busybox, hello]);
    expect(made).toMatchObject({ mirrored: ["docker.io", "ghcr.io"], k3sConfig: {}, pauseImage: pause });
    expect(made.archives.map((archive) => [archive.name, names(archive.images)])).toEqual([["pause", [pause]]]);
    expect(made.contained).toEqual([pauseContained]);
    expect(made.manifestImage(coredns)).toEqual({ image: coredns, imagePullPolicy: "IfNotPresent" });
  });

  it("retag: has containerd pull each by digest; pods of ours may not", () => {
    const made = delivery("retag", args);
    expect(made.mirrored).toEqual(["127.0.0.1:5000"]);
    expect(load(registriesYaml(made.mirrored, registry))).toEqual({
      mirrors: { "127.0.0.1:5000": { endpoint: ["http://127.0.0.1:5000"] } },
      configs: { "127.0.0.1:5000": { auth: { username: "u", password: "p" } } },
    });
    expect(made.contained).toEqual([
      pauseContained,
      ...[coredns, provisioner, busybox, hello].map((name) => {
        const { digest } = images.find((image) => image.name === name) as PlannedImage;
        return { name, digest, from: { pull: `127.0.0.1:5000/${parseImageReference(name).repository}@${digest}` } };
      }),
    ]);
    expect(JSON.stringify(made.contained)).not.toContain('"p"');
    expect(made.manifestImage(coredns).imagePullPolicy).toBe("Never");
    expect(made.manifestImage(kept).imagePullPolicy).toBe("IfNotPresent");
  });

  it("airgap: an archive for a component and for each of the user's images, and no registry", () => {
    const { registry: _, ...without } = args;
    const made = delivery("airgap", without);
    expect(made).toMatchObject({ pushed: [], mirrored: [], compression: "zstd", pauseImage: pause });
    expect(made.archives.map((archive) => [archive.name, names(archive.images)])).toEqual([
      ["pause", [pause]],
      ["coredns", [coredns]],
      ["local-storage", [provisioner, busybox]],
      ["image-ghcr.io_me_hello_1.0", [hello]],
    ]);
    // of an index, the archive has the board's manifest
    expect(made.contained.find(({ name }) => name === busybox)).toEqual({
      name: busybox,
      digest: digestOf("e"),
      from: { archive: "local-storage" },
    });
    expect(delivery("airgap", args).mirrored).toEqual(["127.0.0.1:5000"]);
  });

  it("system-default-registry: the pause image without a registry in front, as k3s puts one there", () => {
    const made = delivery("system-default-registry", args);
    expect(made).toMatchObject({
      k3sConfig: { "system-default-registry": "127.0.0.1:5000" },
      pauseImage: "rancher/mirrored-pause:3.10.2",
      mirrored: ["127.0.0.1:5000", "ghcr.io"],
    });
    const name = "127.0.0.1:5000/rancher/mirrored-pause:3.10.2";
    expect(made.contained).toEqual([{ ...pauseContained, name }]);
    expect(made.archives.map((archive) => names(archive.images))).toEqual([[name]]);
    expect(made.manifestImage(coredns).image).toBe("127.0.0.1:5000/rancher/mirrored-coredns-coredns:1.14.6");
    expect(made.manifestImage(hello).image).toBe(hello);
  });

  it("system-default-registry refuses with every image that would be missing", () => {
    const some = images
      .filter(({ name }) => name !== busybox)
      .map((image) =>
        image.name === coredns || image.name === pause ? { ...image, strategy: "keep" as const } : image,
      );
    expect(() => delivery("system-default-registry", { ...args, images: some })).toThrow(
      `would not be there:\n  pause: ${pause}\n  coredns: ${coredns}\n  local-storage: ${busybox}\n`,
    );
  });

  it.each(["mirror", "retag", "system-default-registry"] as const)("%s refuses two images in one place", (way) => {
    const twice = [...images, planned("quay.io/me/hello:1.0", "8")];
    expect(() => delivery(way, { ...args, images: twice })).toThrow(
      "ghcr.io/me/hello:1.0 and quay.io/me/hello:1.0 would both be me/hello:1.0 in the private registry",
    );
    const same = [...images, planned("quay.io/me/hello:1.0", "f")];
    expect(delivery(way, { ...args, images: same }).pushed).toHaveLength(6);
  });

  it.each(deliveryWays)("%s leaves a pause image that is kept to the board", (way) => {
    const some = images.map((image) => (image.name === pause ? { ...image, strategy: "keep" as const } : image));
    const make = () => delivery(way, { ...args, images: some, system: system.slice(1) });
    expect(JSON.stringify([make().archives, make().contained, make().pushed])).not.toContain("mirrored-pause");
  });

  it("brings every image that is not kept, each once, and nothing else", () => {
    fc.assert(
      fc.property(fc.constantFrom(...deliveryWays), fc.subarray(images, { minLength: 0 }), (way, some) => {
        const chosen = [images[0] as PlannedImage, ...some.filter(({ name }) => name !== pause)];
        const asked = system.filter(({ name }) => chosen.some((image) => image.name === name));
        const made = delivery(way, { images: chosen, system: asked, pause, registry });
        const wanted = names(chosen.filter(({ strategy }) => strategy !== "keep")).sort();
        const brought =
          way === "airgap" ? made.archives.flatMap((archive) => names(archive.images)) : names(made.pushed);
        expect([...brought].sort()).toEqual(wanted);
        expect(new Set(names(made.contained)).size).toBe(made.contained.length);
        // what is looked after in containerd can be had: from an archive of the delivery, or from what is pushed
        for (const { from, name } of made.contained) {
          if ("archive" in from) expect(names(made.archives)).toContain(from.archive);
          else expect(names(made.pushed)).toContain(name);
        }
      }),
    );
  });
});
