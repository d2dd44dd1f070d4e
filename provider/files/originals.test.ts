import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stateDirectory } from "../ssh/file-questions";
import { originals, recordOf } from "./originals";

describe("what is given back", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "originals-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs a script on records of our own, with a `sync` that says what is there when it is asked for. */
  const run = (script: string) => {
    const state = join(directory, "state");
    const saying = `sync() { shift; echo "sync $* with $(ls -A ${state}/original | tr '\\n' ' ')"; }`;
    const text = `${originals.replaceAll(stateDirectory, state)}\n${saying}\n${script}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return stdout.replaceAll(directory, "");
  };

  it("has lost its record on disk before anybody is told: it would come back with a power cut", () => {
    const path = join(directory, "file");
    const record = join(directory, "state/original", recordOf(path));
    mkdirSync(record, { recursive: true });
    writeFileSync(join(record, "absent"), "");
    writeFileSync(path, "ours");
    const said = run(`restore '${path}' '${recordOf(path)}' '${path}.new'`)
      .trim()
      .split("\n");
    expect(said.at(-1)).toMatch(/^sync \/state\/original with \.new-/);
  });
});
