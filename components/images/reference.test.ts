import { describe, expect, it } from "vitest";
import { fullName, parseImageReference, parsePulledImage } from "./reference";

describe("parseImageReference", () => {
  it.each([
    ["busybox", "docker.io/library/busybox:latest"],
    ["busybox:1.37", "docker.io/library/busybox:1.37"],
    ["rancher/mirrored-pause:3.10.2", "docker.io/rancher/mirrored-pause:3.10.2"],
    ["docker.io/rancher/mirrored-pause:3.6", "docker.io/rancher/mirrored-pause:3.6"],
    ["index.docker.io/busybox:1", "docker.io/library/busybox:1"],
    ["docker.io/busybox:1", "docker.io/library/busybox:1"],
    ["192.0.2.4:6000/riscv64/coredns:1.0", "192.0.2.4:6000/riscv64/coredns:1.0"],
    ["localhost/app", "localhost/app:latest"],
    ["ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"],
  ])("%s is %s", (name, expected) => {
    expect(fullName(parseImageReference(name))).toBe(expected);
  });

  it.each(["", "UPPER/case:1", "a/b@sha256:00", "a/b:bad tag", "a//b:1"])("refuses '%s'", (name) => {
    expect(() => parseImageReference(name)).toThrow("image name");
  });
});

describe("parsePulledImage", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  it.each([
    ["busybox:1.37", "1.37", "docker.io/library/busybox:1.37"],
    [`busybox@${digest}`, digest, `docker.io/library/busybox@${digest}`],
    [`ghcr.io/a/b:v1@${digest}`, digest, `ghcr.io/a/b@${digest}`],
  ])("%s is pulled by %s", (name, reference, full) => {
    expect(parsePulledImage(name)).toMatchObject({ reference, name: full });
  });

  it("refuses what is no digest", () => {
    expect(() => parsePulledImage("busybox@sha256:12")).toThrow("no sha256 digest");
  });
});
