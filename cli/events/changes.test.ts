import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedProperties } from "./changes";

describe("changedProperties", () => {
  it("names what differs, deep, and leaves the connection out", () => {
    expect(
      changedProperties(
        { path: "/a", files: [{ mode: "0644" }], connection: 1, gone: true },
        { path: "/a", files: [{ mode: "0600" }], connection: 2, fresh: 1 },
      ),
    ).toEqual(["files", "fresh", "gone"]);
  });

  it("finds nothing in equal inputs", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (inputs) => {
        expect(changedProperties(inputs, structuredClone(inputs))).toEqual([]);
      }),
    );
  });

  it("names a secret whose fingerprint differs", () => {
    const secret = {
      token: "[secret]",
      fingerprintKey: "[secret]",
      fingerprints: { token: "a", "files[0].content": "b" },
    };
    const changed = { ...secret, fingerprints: { token: "c", "files[0].content": "b" } };
    expect(changedProperties(secret, changed)).toEqual(["token (secret)"]);
  });

  it("takes a resource that is not there yet", () => {
    expect(changedProperties(undefined, { a: 1 })).toEqual(["a"]);
  });
});
