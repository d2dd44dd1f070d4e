import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyFor, datastoreFragment, datastoreNotes, migrationNotes, needsCopy, parseDatastore } from "./datastore";

describe("a datastore on the board", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "datastore-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const look = (backups?: string) =>
    parseDatastore(execFileSync("sh", ["-c", datastoreFragment(directory, backups)], { encoding: "utf8" }));

  it("may not be there", () => {
    expect(look()).toEqual({ kind: "none", mebibytes: 0, members: 0, copies: [], backups: [] });
  });

  it("that could not be looked at is not one that is not there: an upgrade would not copy it", () => {
    expect(parseDatastore("")).toBeUndefined();
    // du has failed
    expect(parseDatastore("Datastore=sqlite  0\n")).toBeUndefined();
  });

  it("is SQLite's, with the copies of it, oldest first", () => {
    writeFileSync(join(directory, "state.db"), Buffer.alloc(1_500_000, 1));
    for (const name of ["000002-v1.35.0-rc.1+k3s1", "000001-v1.34.2", "000003-v1.36.0"])
      mkdirSync(join(directory, "k3s-board", name, "content"), { recursive: true });
    rmSync(join(directory, "k3s-board", "000003-v1.36.0", "content"), { recursive: true });
    const copies = join(directory, "k3s-board");
    const of = (kind: string, parent: string, name: string, version: string) => ({
      name: `${kind}/${name}`,
      path: join(parent, name),
      version,
      made: 1_790_000_000,
      mebibytes: 0,
    });
    mkdirSync(join(directory, "b/000009-v1.36.1/content"), { recursive: true });
    for (const made of ["k3s-board/000002-v1.35.0-rc.1+k3s1", "k3s-board/000001-v1.34.2", "b/000009-v1.36.1"])
      utimesSync(join(directory, made, "content"), 1_790_000_000, 1_790_000_000);
    expect(look(join(directory, "b"))).toEqual({
      kind: "sqlite",
      mebibytes: 2,
      members: 0,
      copies: [
        of("upgrades", copies, "000001-v1.34.2", "v1.34.2"),
        of("upgrades", copies, "000002-v1.35.0-rc.1+k3s1", "v1.35.0-rc.1+k3s1"),
      ],
      backups: [of("backups", join(directory, "b"), "000009-v1.36.1", "v1.36.1")],
    });
  });

  it("is etcd's, with the members that its configuration names", () => {
    mkdirSync(join(directory, "etcd"));
    writeFileSync(
      join(directory, "etcd/config"),
      "name: a\ninitial-cluster: a-1=https://192.0.2.1:2380,b-2=https://192.0.2.2:2380\n",
    );
    expect(look()).toMatchObject({ kind: "etcd", members: 2 });
  });
});

it.each<[string | undefined, string, boolean]>([
  ["v1.35.2+k3s1", "v1.35.4+k3s1", false],
  ["v1.35.2+k3s1", "v1.36.0+k3s1", true],
  ["v1.36.0", "v1.35.2", true],
  [undefined, "v1.36.0", true],
])("a copy before %s becomes %s: %s", (from, to, expected) => {
  expect(needsCopy(from, to)).toBe(expected);
});

const copy = (name: string, version: string) => ({ name, version, path: `/c/${name}`, made: 0, mebibytes: 3 });

it("takes the newest copy of the minor version", () => {
  const copies = [copy("1", "v1.35.1+k3s1"), copy("2", "v1.35.4+k3s1"), copy("3", "v1.36.0+k3s1")];
  expect(copyFor("v1.35.2+k3s1", copies)?.name).toBe("2");
  expect(copyFor("v1.34.2+k3s1", copies)).toBeUndefined();
});

describe("a preview", () => {
  const there = {
    kind: "sqlite",
    mebibytes: 12,
    members: 0,
    copies: [copy("000001-v1.35.1", "v1.35.1")],
    backups: [],
  } as const;

  it.each<[string, string | undefined, string, boolean, typeof there | undefined, string[]]>([
    ["a patch", "v1.36.1", "v1.36.2", false, there, []],
    ["up", "v1.36.1", "v1.37.0", false, there, ["copies the datastore (12 MB) first"]],
    ["up, before it was looked at", "v1.36.1", "v1.37.0", false, undefined, ["copies the datastore first"]],
    ["down as it is", "v1.36.1", "v1.35.0", false, there, ["copies the datastore (12 MB) first"]],
    ["from somewhere", undefined, "v1.35.0", false, there, [expect.stringContaining("unless") as string]],
    [
      "down to what was",
      "v1.36.1",
      "v1.35.0",
      true,
      there,
      [
        "copies the datastore (12 MB) first",
        "restores the datastore that v1.35.1 had left (copy 000001-v1.35.1, 3 MB); what was written since then is lost",
      ],
    ],
    [
      "down to what nobody has",
      "v1.36.1",
      "v1.34.0",
      true,
      there,
      [
        "copies the datastore (12 MB) first",
        expect.stringContaining("there is no copy of a datastore that v1.34 has written") as string,
      ],
    ],
  ])("says what happens to the datastore on the way %s", (_way, from, to, restore, found, notes) => {
    expect(datastoreNotes({ ...(from === undefined ? {} : { from }), to, restore }, found)).toEqual(notes);
  });
});

describe("several servers", () => {
  const there = (kind: "sqlite" | "etcd" | "none", members = 0) => ({
    kind,
    mebibytes: 1,
    members,
    copies: [],
    backups: [],
  });

  it("make no copy of one member's data, which is said", () => {
    const swap = { from: "v1.35.1", to: "v1.36.0", restore: false };
    expect(datastoreNotes(swap, there("etcd", 3))).toEqual([
      expect.stringMatching(/its etcd has 3 members.*not copied/),
    ]);
    expect(datastoreNotes(swap, there("etcd", 1))).toEqual(["copies the datastore (1 MB) first"]);
  });

  it("move what is in SQLite, which is said before", () => {
    expect(migrationNotes(there("sqlite"))).toEqual([
      expect.stringMatching(/from SQLite to an embedded etcd.*no way back/),
    ]);
    expect([undefined, there("etcd", 1), there("none")].flatMap(migrationNotes)).toEqual([]);
  });
});
