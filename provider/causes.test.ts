import { expect, it } from "vitest";
import { withCauses, type Cause } from "./causes";

const cause = (id: string): Cause => ({
  id,
  severity: "error",
  sentence: `${id} is wrong`,
  evidence: ["the board said so", "and so"],
  remedy: `mend ${id}`,
  hangs: [],
});

it("the first cause is in the first line, and what mends each behind it", () => {
  expect(withCauses("the cluster is not ready after 9 s", "pod a: ErrImagePull", [cause("a"), cause("b")])).toBe(
    `the cluster is not ready after 9 s: a is wrong
  error: a is wrong [a]
    the board said so
    remedy: mend a
  error: b is wrong [b]
    the board said so
    remedy: mend b
  seen last: pod a: ErrImagePull`,
  );
});

it("without a cause it says what was seen, and of many it does not tell all", () => {
  expect(withCauses("k3s.service did not become healthy", "activating", [])).toBe(
    "k3s.service did not become healthy: activating",
  );
  const many = ["a", "b", "c", "d", "e", "f"].map(cause);
  expect(withCauses("what", "seen", many)).toContain("  and 2 more, which npm run doctor tells");
});
