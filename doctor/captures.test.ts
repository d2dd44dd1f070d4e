import { describe, expect, it } from "vitest";
import { diagnose } from "./diagnose";
import type { Facts } from "./facts";
import { captures } from "./fixtures/captures";
import { captured } from "./fixtures/healthy";

const ids = (facts: Facts) => diagnose(facts).map(({ id }) => id);

describe("captures of a real board", () => {
  it.each(Object.entries(captures))("%s", (name, expected) => expect(ids(captured(name))).toEqual(expected));

  it("names image, program and what hangs on it", () => {
    const found = diagnose(captured("container-image-manifest-lies-and-path"));
    expect(found.find(({ id }) => id === "image-elf-differs")).toMatchObject({
      sentence:
        "docker.io/library/hello-lying:1 says it is for linux/riscv64, but the program /hello in it is of another architecture",
      evidence: ["exec /hello: exec format error", "pod default/hello-lying: Error"],
      hangs: ["pod default/hello-lying"],
    });
    expect(found.find(({ id }) => id === "executable-not-found")?.sentence).toBe(
      "docker.io/library/hello-nopath:1 has no program local-path-provisioner in its $PATH",
    );
  });
  it("tells one registry once, with all pods that wait for it", () => {
    const [found] = diagnose(captured("image-pull-backoff"));
    expect(found?.sentence).toBe("the board cannot resolve the registry registry-1.docker.io");
    expect(found?.hangs).toEqual([
      "Deployment coredns → pod kube-system/coredns-54996dc9b4-h4fw8 → image docker.io/rancher/mirrored-coredns-coredns:1.14.6",
      "Deployment local-path-provisioner → pod kube-system/local-path-provisioner-77b9867795-648nm → image docker.io/rancher/local-path-provisioner:v0.0.37",
    ]);
  });
  it("a pause image for another machine is told by what containerd reads from it", () => {
    const [found] = diagnose(captured("pause-image-wrong-architecture"));
    expect(found?.sentence).toBe(
      "the pause image docker.io/rancher/mirrored-pause:3.10.2 on the board is for linux/amd64, the board is linux/riscv64: no pod can start",
    );
    expect(found?.hangs).toHaveLength(3);
  });
  it("a pause image for another machine that was unpacked all the same is no image that lies", () => {
    const lying = captured("pause-image-manifest-lies");
    const images = lying.images?.map((image) =>
      image.name.includes("pause") ? { ...image, platforms: ["linux/amd64"] } : image,
    );
    const found = diagnose({ ...lying, ...(images === undefined ? {} : { images }) });
    expect(found.map(({ id }) => id)).toContain("pause-wrong-architecture");
    expect(found.map(({ id }) => id)).not.toContain("pause-elf-differs");
  });
});
