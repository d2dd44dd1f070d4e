import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPath, unwrap, valueAt, wrap, type Properties } from "./secrets";

const key = fc.constantFrom("a", "b", "c");
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 3 }),
  ),
}));
const properties = fc.dictionary(key, tree) as fc.Arbitrary<Properties>;
const paths = fc.array(fc.array(fc.oneof(key, fc.nat(2)), { minLength: 1, maxLength: 3 }));

describe("secrets", () => {
  it("wrapped anywhere and unwrapped are what they were", () => {
    fc.assert(
      fc.property(properties, paths, (plain, secrets) => {
        expect(unwrap(wrap(plain, secrets)).plain).toEqual(plain);
      }),
    );
  });
  it("are remembered, so that they are wrapped at the same places again", () => {
    fc.assert(
      fc.property(properties, paths, (plain, secrets) => {
        const wrapped = wrap(plain, secrets);
        const once = unwrap(wrapped);
        expect(wrap(once.plain, once.secrets)).toEqual(wrapped);
      }),
    );
  });
  it("leave no plain value behind at a secret path", () => {
    fc.assert(
      fc.property(properties, paths, (plain, secrets) => {
        for (const path of unwrap(wrap(plain, secrets)).secrets) {
          expect(valueAt(wrap(plain, secrets), path)).toMatchObject({
            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
          });
        }
      }),
    );
  });
  it("have paths as Pulumi prints them, and no undefined on the wire", () => {
    expect(formatPath(["files", 0, "content"])).toBe("files[0].content");
    expect(wrap({ a: undefined, b: [undefined] }, [["a"]])).toEqual({ b: [null] });
  });
});
