import { describe, expect, it } from "vitest";
import { namesToRemove, parseImageList } from "./image-list";

const a = `sha256:${"a".repeat(64)}`;
const b = `sha256:${"b".repeat(64)}`;
const pause = "docker.io/rancher/mirrored-pause:3.10.2";

describe("parseImageList", () => {
  it("reads ctr's table, pinned or not, with a size of two words", () => {
    const text = [
      "REF                                     TYPE                                       DIGEST   SIZE      PLATFORMS     LABELS",
      `${pause} application/vnd.oci.image.manifest.v1+json ${a} 241.3 KiB linux/riscv64 io.cri-containerd.image=managed,io.cri-containerd.pinned=pinned`,
      `docker.io/a/b:1 application/vnd.oci.image.index.v1+json ${b} 20.9 MiB linux/riscv64 -`,
      `time="2026-11-21" level=warning msg="something"`,
      "",
    ].join("\n");
    expect(parseImageList(text)).toEqual([
      { name: pause, digest: a, pinned: true },
      { name: "docker.io/a/b:1", digest: b, pinned: false },
    ]);
  });
});

describe("namesToRemove", () => {
  const image = (name: string, digest = a) => ({ name, digest, pinned: false });
  const made = [image(`sha256:${"c".repeat(64)}`), image(`docker.io/rancher/mirrored-pause@${a}`)];

  it("takes the names that the CRI made along", () => {
    expect(namesToRemove([image(pause), ...made, image("docker.io/x/y:1", b)], pause)).toEqual([
      pause,
      ...made.map(({ name }) => name),
    ]);
  });
  it("leaves them while another name has the image", () => {
    expect(namesToRemove([image(pause), ...made, image("docker.io/x/y:1")], pause)).toEqual([pause]);
  });
  it("has nothing to do for a name that is gone", () => expect(namesToRemove(made, pause)).toEqual([]));
});
