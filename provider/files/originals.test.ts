import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
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

  it("loses the directories that were made for it before its record: whoever is killed in between comes back to them", () => {
    const path = join(directory, "made/for/file");
    const record = recordOf(path);
    run(`lock; keep '${path}' '${record}'; make_directory '${join(directory, "made/for")}'; echo ours >'${path}'`);
    run(`forget() { exit 0; }; restore '${path}' '${record}' '${path}.new'`);
    expect(readdirSync(directory)).toEqual(["state"]);
    run(`lock; restore '${path}' '${record}' '${path}.new'; tidy`);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("one writer at a time", () => {
  it("leaves nothing behind, however many begin while another removes what nothing is recorded in any more", () => {
    const directory = mkdtempSync(join(tmpdir(), "originals-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const turns = originals.replaceAll(stateDirectory, join(directory, "state"));
    const writer = `for turn in $(seq 100); do lock; [ -d $state/original ] || fail "turn $turn has no records"; tidy; unlock; done`;
    const text = `${turns}\n( ${writer} ) & ( ${writer} ) & ( ${writer} ) & ( ${writer} ) & wait`;
    const { stderr } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(readdirSync(directory)).toEqual([]);
  });
});
