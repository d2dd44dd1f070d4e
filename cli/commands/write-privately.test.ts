import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExpectedError } from "../errors";
import { writePrivately } from "./write-privately";

describe("writePrivately", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "privately-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("writes for the owner only, over what was there", () => {
    const file = join(directory, "new", "kubeconfig");
    writePrivately(file, "before");
    writePrivately(file, "s3cret");
    expect(readFileSync(file, "utf8")).toBe("s3cret");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, "new"))).toEqual(["kubeconfig"]);
  });

  it("says in a sentence that it cannot, and leaves no copy of a secret", () => {
    const file = join(directory, "taken");
    mkdirSync(join(file, "full"), { recursive: true });
    expect(() => writePrivately(file, "s3cret")).toThrow(ExpectedError);
    expect(() => writePrivately(file, "s3cret")).toThrow(/^\S+\/taken cannot be written: /);
    expect(readdirSync(directory)).toEqual(["taken"]);
  });
});
