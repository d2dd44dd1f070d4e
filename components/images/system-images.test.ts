import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bundledComponents } from "../k3s/config";
import { imagesConfig } from "./config";
import { systemImageKeys } from "./system-image-keys";
import { systemImages, unknownNames } from "./system-images";
import { alternativesFor, releaseLines, systemImageOf, tableNames } from "./system-table";

const k3s = { version: "v1.36.3+k3s1", disable: [], coredns: "bundled", pauseImage: undefined } as const;
const names = (args: Parameters<typeof systemImages>[0]) => systemImages(args).images.map(({ name }) => name);

describe("the table", () => {
  it("has the names of the releases that the field reports and the demo use", () => {
    expect(tableNames("v1.24.2+k3s2")?.names).toMatchObject({
      pause: "docker.io/rancher/mirrored-pause:3.6",
      coredns: "docker.io/rancher/mirrored-coredns-coredns:1.9.1",
      "local-path-provisioner": "docker.io/rancher/local-path-provisioner:v0.0.21",
      "klipper-helm": "docker.io/rancher/klipper-helm:v0.7.3-build20220613",
    });
    expect(tableNames("1.36.3")?.names).toMatchObject({
      pause: "docker.io/rancher/mirrored-pause:3.10.2",
      "metrics-server": "docker.io/rancher/mirrored-metrics-server:v0.9.0",
      busybox: "docker.io/rancher/mirrored-library-busybox:1.37.0",
    });
  });

  it("knows every line from 1.24 to 1.36, and no other", () => {
    expect(releaseLines()).toEqual(Array.from({ length: 13 }, (_, index) => `1.${index + 24}`));
    expect(tableNames("v1.23.9+k3s1")).toBeUndefined();
    expect(tableNames("v1.30.14+k3s1")?.asOf).toBe("v1.30.3");
    expect(tableNames("v1.36.4+k3s1")?.asOf).toBeUndefined();
  });

  it("has alternatives that can be parsed, with paths that are there, for every image of every release", () => {
    for (const line of releaseLines()) {
      const release = tableNames(`${line}.1`)?.names;
      for (const key of systemImageKeys) {
        const name = release?.[key] ?? "";
        const ways = alternativesFor(key, name);
        expect(ways.length, name).toBeGreaterThan(0);
        expect(JSON.stringify(ways)).not.toMatch(/[{]\w+[}]/);
        for (const way of ways) if (way.kind === "dockerfile") expect(existsSync(way.dockerfile ?? "")).toBe(true);
        expect(systemImageOf(name)).toBe(key);
      }
    }
  });

  it("puts a CoreDNS that links for riscv64 under tags whose own does not", () => {
    const old = alternativesFor("coredns", "docker.io/rancher/mirrored-coredns-coredns:1.9.1");
    expect(old.find(({ kind }) => kind === "goModule")).toMatchObject({ version: "v1.14.6" });
    const current = alternativesFor("coredns", "docker.io/rancher/mirrored-coredns-coredns:1.13.1");
    expect(current.find(({ kind }) => kind === "goModule")).toMatchObject({ version: "v1.13.1" });
  });
});

describe("systemImages", () => {
  it("has the images of enabled components only, and pause always", () => {
    const disable = bundledComponents.filter((component) => component !== "local-storage");
    expect(names({ k3s: { ...k3s, disable }, images: {} })).toEqual([
      "docker.io/rancher/mirrored-pause:3.10.2",
      "docker.io/rancher/local-path-provisioner:v0.0.36",
      "docker.io/rancher/mirrored-library-busybox:1.37.0",
    ]);
    expect(names({ k3s: { ...k3s, disable: [...bundledComponents], coredns: "custom" }, images: {} })).toEqual([
      "docker.io/rancher/mirrored-pause:3.10.2",
      "docker.io/rancher/mirrored-coredns-coredns:1.14.6",
    ]);
  });

  it("goes by the configuration before the binary, and by the binary before the table", () => {
    const disable = bundledComponents.filter((component) => component !== "coredns");
    const images = imagesConfig.parse({ "me/coredns:1": { kind: "mirror", system: "coredns" } });
    const found = {
      names: { pause: "docker.io/carvicsforth/pause:3.10.2", coredns: "docker.io/coredns/coredns:1.14.6" },
      where: "the k3s binary",
    };
    const both = systemImages({ k3s: { ...k3s, disable }, images, found }).images;
    expect(both.map(({ name, source }) => [name, source])).toEqual([
      ["docker.io/carvicsforth/pause:3.10.2", "the k3s binary"],
      ["docker.io/me/coredns:1", "the configuration"],
    ]);
  });

  it("warns where a patch release is newer than the table, and says which keys an unknown release needs", () => {
    const disable = bundledComponents.filter((component) => component !== "traefik");
    const late = systemImages({ k3s: { ...k3s, version: "v1.36.9+k3s1", disable }, images: {} });
    expect(late.warnings).toEqual([
      expect.stringMatching(/those of v1\.36\.4 are taken for pause, klipper-helm, traefik/),
    ]);
    const unknown = systemImages({ k3s: { ...k3s, version: "v1.40.0+k3s1", disable }, images: {} });
    expect(unknownNames("v1.40.0+k3s1", unknown.unknown).map(({ path }) => path)).toEqual([
      "k3s.pauseImage",
      "images",
      "images",
    ]);
  });
});
