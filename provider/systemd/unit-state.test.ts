import { describe, expect, it } from "vitest";
import { beforeUs, isReplaced, parseUnitState } from "./unit-state";

/** 2026-11-21 17:06:09 UTC. */
const start = 1795280769;
const signs = {
  runs: "/opt/k3s",
  there: `1:2:3:4 ${start - 10}`,
  startedAt: new Date(start * 1000),
  known: "1:2:3:4",
};

describe("isReplaced", () => {
  it.each<[string, Partial<typeof signs>, boolean]>([
    ["the program of the start", {}, false],
    ["with another mode since", { there: `1:2:3:4 ${start + 10}` }, false],
    ["removed, and another in its place", { runs: "/opt/k3s (deleted)" }, true],
    ["another file since", { there: `1:9:3:4 ${start + 10}`, runs: "/var/lib/rancher/k3s/data/1/bin/k3s" }, true],
    ["another file before somebody restarted it", { there: `1:9:3:4 ${start - 10}` }, false],
    ["nothing runs", { runs: "", there: "" }, false],
    ["nothing is there", { there: "" }, false],
  ])("%s", (_title, changes, replaced) => expect(isReplaced({ ...signs, ...changes })).toBe(replaced));
});

it("reads what the board says of the program", () => {
  const said = `LoadState=loaded
ActiveState=active
MainPID=7
ExecMainStartTimestamp=Sat 2026-11-21 17:06:09 UTC
Unfinished=yes
Cordoned=yes
Triggers=abc
Program=${"a".repeat(64)} v1.36.3 1:2:3:4
Runs=/opt/k3s
There=1:9:3:4 ${start + 1}
`;
  expect(parseUnitState(said)).toMatchObject({
    program: { sha256: "a".repeat(64), version: "v1.36.3" },
    programReplaced: true,
    startedAt: signs.startedAt,
    cordoned: true,
    unsettled: false,
    unfinished: true,
    triggers: "abc",
  });
});

describe("what a deletion brings back", () => {
  const now = (load: string, active: string, unitFile: string) =>
    `LoadState=${load}\nActiveState=${active}\nUnitFileState=${unitFile}`;
  it.each([
    ["of a unit that we have not written", now("loaded", "active", "disabled"), { wasUp: true, wasEnabled: false }],
    ["of one that cannot be enabled", now("loaded", "inactive", "static"), { wasUp: false }],
    ["of none", now("not-found", "inactive", ""), { wasUp: false }],
    [
      "of one that we have written",
      `${now("loaded", "active", "disabled")}\nBefore=load=loaded active=inactive enabled=enabled`,
      { wasUp: false, wasEnabled: true },
    ],
    [
      "where there was none when we wrote",
      `${now("loaded", "active", "enabled")}\nBefore=load=not-found active=inactive enabled=`,
      { wasUp: false },
    ],
  ])("%s", (_case, said, before) => expect(beforeUs(parseUnitState(said))).toEqual(before));
});
