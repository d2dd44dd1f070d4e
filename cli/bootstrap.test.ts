import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeProblem, staleReason } from "./bootstrap.cjs";

describe("nodeProblem", () => {
  it.each(["20.19.0", "20.20.0", "22.1.0", "24.0.0"])("takes %s", (version) =>
    expect(nodeProblem(version)).toBeUndefined(),
  );
  it.each(["18.20.0", "20.18.3"])("refuses %s and says what is needed", (version) =>
    expect(nodeProblem(version)).toContain("needs Node 20.19 or newer"),
  );
});

describe("staleReason", () => {
  const zod = { version: "4.6.7", integrity: "sha512-a" };
  const wanted = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/zod": zod,
      "node_modules/fsevents": { version: "1", optional: true },
    },
  };
  it("finds nothing to do where all is installed; what is for other systems may be missing", () => {
    expect(staleReason(wanted, { packages: { "node_modules/zod": zod } })).toBeUndefined();
  });
  it.each([
    [undefined, "node_modules is missing"],
    [{ packages: {} }, "zod is not the one in package-lock.json"],
    [{ packages: { "node_modules/zod": { ...zod, version: "4.6.6" } } }, "zod is not the one in package-lock.json"],
  ])("says why: %j", (installed, reason) => expect(staleReason(wanted, installed)).toBe(reason));

  it("is content with this very checkout", () => {
    const read = (path: string) => JSON.parse(readFileSync(resolve(__dirname, "..", path), "utf8")) as typeof wanted;
    expect(staleReason(read("package-lock.json"), read("node_modules/.package-lock.json"))).toBeUndefined();
  });
});
