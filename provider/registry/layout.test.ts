import { describe, expect, it } from "vitest";
import { contentsOf } from "./layout";
import { referrerFallbackTag } from "./referrers";

const descriptor = (letter: string) => ({ mediaType: "x", digest: `sha256:${letter.repeat(64)}`, size: 1 });
const contents = (value: object) => contentsOf(Buffer.from(JSON.stringify(value)));

describe("contentsOf", () => {
  it("names the layers and the configuration of an image", () => {
    expect(contents({ config: descriptor("a"), layers: [descriptor("b")] })).toEqual({
      blobs: [descriptor("b"), descriptor("a")],
      manifests: [],
    });
  });

  it("names the manifests of an index", () => {
    const platform = { os: "linux", architecture: "riscv64" };
    expect(contents({ manifests: [{ ...descriptor("a"), platform }] })).toEqual({
      blobs: [],
      manifests: [descriptor("a")],
    });
  });

  it("refuses anything else, and digests that are none", () => {
    expect(() => contents({ schemaVersion: 1, fsLayers: [] })).toThrow("neither an image manifest nor an index");
    expect(() => contents({ manifests: [{ ...descriptor("a"), digest: "sha256:../../x" }] })).toThrow();
  });
});

describe("referrerFallbackTag", () => {
  it("is a tag", () => {
    expect(referrerFallbackTag(descriptor("a").digest)).toBe(`sha256-${"a".repeat(64)}`);
  });
});
