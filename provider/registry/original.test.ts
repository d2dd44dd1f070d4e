import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { originalTag } from "./original";
import { registryImageInputs } from "./schema";

describe("originalTag", () => {
  it("is a tag again, and another one for another tag", () => {
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
    fc.assert(
      fc.property(tag, tag, (one, other) => {
        expect(registryImageInputs.shape.tag.safeParse(originalTag(one)).success).toBe(true);
        expect(originalTag(one) === originalTag(other)).toBe(one === other);
      }),
    );
  });
});
