import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseProgramFacts, programFragment } from "./program-facts";

describe("a program of the board's own", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "program-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const look = (path: string) =>
    parseProgramFacts(execFileSync("sh", ["-c", programFragment(path, "no-such-unit")], { encoding: "utf8" }));

  it("has a version and a beginning", () => {
    const path = join(directory, "k3s");
    const text = '#!/bin/sh\necho "k3s version v1.36.3+k3s1 (0123abcd)"; echo "go version go1.26.1"\n';
    writeFileSync(path, text, { mode: 0o755 });
    expect(look(path)).toMatchObject({
      there: true,
      version: "v1.36.3+k3s1",
      header: Buffer.from(text).toString("base64"),
    });
  });

  it("may not run, be no program, or not be there", () => {
    const path = join(directory, "k3s");
    writeFileSync(path, "#!/bin/false\n", { mode: 0o755 });
    expect(look(path)).toMatchObject({ there: true });
    expect(look(path).version).toBeUndefined();
    writeFileSync(join(directory, "data"), "k3s");
    expect(look(join(directory, "data"))).toMatchObject({ there: false, header: "" });
    expect(look(join(directory, "none"))).toMatchObject({ there: false, header: "" });
  });
});
