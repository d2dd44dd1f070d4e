import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import {
  copyFor,
  type Datastore,
  datastoreFragment,
  datastoreNotes,
  etcdMembers,
  migrationNotes,
  needsCopy,
  parseDatastore,
  type VersionChange,
} from "./datastore";

const listNode = vi.fn<() => Promise<unknown>>();
vi.mock("./client", () => ({ clientFromBoard: () => Promise.resolve({ api: () => ({ listNode }) }) }));

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

const datastore = (kind: "sqlite" | "etcd" | "none", members = 0) => ({
  kind,
  mebibytes: 12,
  members,
  copies: [copy("000001-v1.35.1", "v1.35.1")],
  backups: [],
});
const running = true;

describe("a preview", () => {
  const there = datastore("sqlite");
  const alone = datastore("etcd", 1);
  const three = datastore("etcd", 3);
  const snapshot =
    "its etcd has 3 members: an etcd snapshot is saved first (k3s etcd-snapshot save); a roll-back of this server leaves what was written";

  it.each<
    [string, Omit<VersionChange, "restore" | "running"> & Partial<VersionChange>, Datastore | undefined, unknown[]]
  >([
    ["a patch", { from: "v1.36.1", to: "v1.36.2" }, there, []],
    ["up", { from: "v1.36.1", to: "v1.37.0" }, there, ["copies the datastore (12 MB) first"]],
    ["up, before it was looked at", { from: "v1.36.1", to: "v1.37.0" }, undefined, ["copies the datastore first"]],
    ["down as it is", { from: "v1.36.1", to: "v1.35.0" }, there, ["copies the datastore (12 MB) first"]],
    ["from somewhere", { to: "v1.35.0" }, there, [expect.stringContaining("unless")]],
    [
      "down to what was",
      { from: "v1.36.1", to: "v1.35.0", restore: true },
      there,
      [
        "copies the datastore (12 MB) first",
        "restores the datastore that v1.35.1 had left (copy 000001-v1.35.1, 3 MB); what was written since then is lost",
      ],
    ],
    [
      "down to what nobody has",
      { from: "v1.36.1", to: "v1.34.0", restore: true },
      there,
      [
        "copies the datastore (12 MB) first",
        expect.stringContaining("there is no copy of a datastore that v1.34 has written"),
      ],
    ],
    [
      "up, with an etcd that is alone",
      { from: "v1.36.1", to: "v1.37.0" },
      alone,
      ["copies the datastore (12 MB) first"],
    ],
    ["a patch of one of three servers", { from: "v1.36.1", to: "v1.36.2" }, three, []],
    ["up of one of three servers", { from: "v1.36.1", to: "v1.37.0" }, three, [snapshot]],
    ["down of one of three servers", { from: "v1.36.1", to: "v1.35.0" }, three, [snapshot]],
    [
      "of one of three servers from somewhere",
      { to: "v1.37.0" },
      three,
      [`${snapshot}, unless the minor version stays`],
    ],
    [
      "up of one of three servers that does not run",
      { from: "v1.36.1", to: "v1.37.0", running: false },
      three,
      [
        expect.stringMatching(
          /^its etcd has 3 members, and this one does not run: no etcd snapshot is saved, .* leaves what was written$/,
        ),
      ],
    ],
    [
      "down of one of three servers to what was",
      { from: "v1.36.1", to: "v1.35.0", restore: true },
      three,
      [
        expect.stringMatching(
          /^its etcd has 3 members: .* cannot be brought back by itself\. Go back with k3s\.allowDowngrade: true/,
        ),
      ],
    ],
  ])("says what happens to the datastore on the way %s", (_way, change, found, notes) => {
    expect(datastoreNotes({ restore: false, running, ...change }, found)).toEqual(notes);
  });
});

describe("the members of an etcd", () => {
  const items = (count: number) => Promise.resolve({ items: Array.from({ length: count }) });
  const silent = () => Promise.reject(new Error("connect ECONNREFUSED 127.0.0.1:6443"));

  it.each<[string, () => Promise<unknown>, { members: number; remembered?: number }, number]>([
    ["the cluster says, whatever the first server's file does", () => items(3), { members: 1 }, 3],
    ["the cluster says now", () => items(1), { members: 0, remembered: 3 }, 1],
    ["were known before, where no API server answers", silent, { members: 1, remembered: 3 }, 3],
    ["its file names, where nobody knows more", silent, { members: 2 }, 2],
  ])("are as many as %s", async (_title, list, { members, remembered }, count) => {
    listNode.mockImplementation(list);
    expect(await etcdMembers({} as Board, "/k3s.yaml", { members }, remembered)).toBe(count);
  });

  it("are not counted where the user has ended the run", async () => {
    listNode.mockRejectedValue(new BoardError("cancelled", "board", "ended"));
    await expect(etcdMembers({} as Board, "/k3s.yaml", { members: 2 })).rejects.toThrow("ended");
  });
});

describe("a server that gets an etcd", () => {
  it("moves what is in SQLite, which is said before", () => {
    expect(migrationNotes(datastore("sqlite"))).toEqual([
      expect.stringMatching(/from SQLite to an embedded etcd.*no way back/),
    ]);
    expect([undefined, datastore("etcd", 1), datastore("none")].flatMap(migrationNotes)).toEqual([]);
  });
});
