import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { firewall } from "./firewall";
import { swap } from "./swap";
import { timeSync } from "./time-sync";
import { parseUnits, recordedGoal, unitNotes, unitRecord, unitScript, unitsBefore } from "./units";

const said = `device=/dev/zram0

Id=chrony.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
FragmentPath=/usr/lib/systemd/system/chrony.service
SourcePath=

Id=chrony.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
FragmentPath=/usr/lib/systemd/system/chrony.service

Id=ntpd.service
LoadState=not-found
ActiveState=inactive
UnitFileState=

Id=dev-sda2.swap
LoadState=loaded
ActiveState=inactive
UnitFileState=generated
FragmentPath=/run/systemd/generator/dev-sda2.swap
SourcePath=/etc/fstab
policies=yes
`;

describe("parseUnits", () => {
  it("finds each unit once, under its own name, and none that is not there", () => {
    expect(parseUnits(said)).toEqual([
      {
        id: "chrony.service",
        load: "loaded",
        isUp: true,
        unitFile: "enabled",
        fragment: "/usr/lib/systemd/system/chrony.service",
        source: "",
      },
      {
        id: "dev-sda2.swap",
        load: "loaded",
        isUp: false,
        unitFile: "generated",
        fragment: "/run/systemd/generator/dev-sda2.swap",
        source: "/etc/fstab",
      },
    ]);
    expect(parseUnits("")).toEqual([]);
  });
});

describe("a unit on its way", () => {
  const [chrony] = parseUnits(said);
  if (chrony === undefined) throw new Error("there is no chrony");
  const orElse = () => "|| :";

  it.each([
    [{ isUp: true, isEnabled: true }, [], ""],
    [
      { isUp: false, isEnabled: false },
      ["chrony.service stops", "chrony.service is disabled at boot"],
      "systemctl disable -q -- chrony.service || :\nsystemctl stop -q -- chrony.service || :\n",
    ],
    [{ isUp: false, isEnabled: true }, ["chrony.service stops"], "systemctl stop -q -- chrony.service || :\n"],
  ])("to %j is told and done", (goal, notes, script) => {
    expect(unitNotes(chrony, goal)).toEqual(notes);
    expect(unitScript(chrony, goal, orElse)).toBe(script);
  });

  it("is remembered as it was", () => {
    expect(unitRecord(chrony)).toBe("up enabled");
    expect(recordedGoal("up enabled")).toEqual({ isUp: true, isEnabled: true });
    expect(recordedGoal("down -")).toEqual({ isUp: false, isEnabled: false });
    expect(
      unitsBefore({ before: { "chrony.service": "down disabled", "gone.service": "up enabled" }, output: said }),
    ).toEqual([{ unit: chrony, goal: { isUp: false, isEnabled: false } }]);
  });
});

it.each(Object.entries({ firewall, swap, timeSync }))(
  "a look at %s fails where systemd does not answer",
  (_name, kind) => {
    const silent = "systemctl() { echo 'Failed to connect to bus' >&2; return 1; }";
    // as `look.ts` asks
    const { status, stderr } = spawnSync("sh", ["-c", `${silent}\n${kind.look([])}\n:`], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "Failed to connect to bus\n" });
  },
);
