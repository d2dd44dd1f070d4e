import { describe, expect, it } from "vitest";
import { findImage, parseImageList, shortDigest, table } from "./tables";

const digest = `sha256:${"ab".repeat(32)}`;
const pauseDigest = `sha256:${"cd".repeat(32)}`;
const list = `REF                                                  TYPE                                       DIGEST   SIZE      PLATFORMS     LABELS
docker.io/rancher/mirrored-coredns-coredns:1.14.6  application/vnd.oci.image.manifest.v1+json ${digest} 21.3 MiB  linux/riscv64 io.cri-containerd.image=managed
docker.io/rancher/mirrored-pause:3.10.2  application/vnd.oci.image.index.v1+json ${pauseDigest} 310.0 KiB linux/amd64,linux/riscv64 -
broken line
`;

describe("parseImageList", () => {
  it("reads names, digests and platforms", () => {
    expect(parseImageList(list)).toEqual([
      { name: "docker.io/rancher/mirrored-coredns-coredns:1.14.6", digest, platforms: ["linux/riscv64"] },
      {
        name: "docker.io/rancher/mirrored-pause:3.10.2",
        digest: pauseDigest,
        platforms: ["linux/amd64", "linux/riscv64"],
      },
    ]);
  });
});

describe("findImage", () => {
  const images = parseImageList(list);
  it("goes by the digest first, then by the name", () => {
    expect(findImage(images, `docker.io/rancher/mirrored-coredns-coredns@${digest}`, "x")?.digest).toBe(digest);
    expect(findImage(images, "sha256:config", "rancher/mirrored-pause:3.10.2")?.digest).toBe(pauseDigest);
    expect(findImage(images, "", "rancher/other:1")).toBeUndefined();
  });
});

describe("table", () => {
  it("aligns columns", () => {
    expect(table(["NAME", "ARCH"], [["dev-board", "riscv64"]])).toBe("  NAME       ARCH\n  dev-board  riscv64");
  });
  it("shortens digests", () => expect(shortDigest(digest)).toBe("sha256:abababababab"));
});
