import { quote } from "../../ssh/shell";
import { isUp } from "../../systemd/unit-state";
import type { Seen } from "../kind";

/** A unit as systemd has it. */
export interface UnitFound {
  /** Its own name; a unit that was asked for by another one is found under this. */
  readonly id: string;
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  readonly isUp: boolean;
  /** `enabled`, `disabled`, `static`, `generated`, `masked`, …; empty where there is no unit file. */
  readonly unitFile: string;
  /** Where its text is; empty for one that the kernel brought. */
  readonly fragment: string;
  /** What a generator made it from: `/etc/fstab`. */
  readonly source: string;
}

/**
 * A shell fragment that prints what {@link parseUnits} reads, in one process. Patterns find what systemd has loaded. Ends the script where systemd does
 * not answer: that is not the same as units that are not there.
 */
export function unitsFragment(names: readonly string[]): string {
  return `systemctl show -p Id,LoadState,ActiveState,UnitFileState,FragmentPath,SourcePath -- ${names.map(quote).join(" ")} || exit`;
}

/** Units in the output of {@link unitsFragment}, each once; other lines of the output are left out, and so are units that are not there. */
export function parseUnits(output: string): UnitFound[] {
  const found = output.split(/\n\s*\n/).flatMap((block) => {
    const values = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
    );
    const text = (name: string) => values.get(name) ?? "";
    const [id, load] = [text("Id"), text("LoadState")];
    if (id === "" || load === "not-found") return [];
    const unit: UnitFound = {
      id,
      load,
      isUp: isUp({ active: text("ActiveState") }),
      unitFile: text("UnitFileState"),
      fragment: text("FragmentPath"),
      source: text("SourcePath"),
    };
    return [[id, unit] as const];
  });
  return [...new Map(found).values()];
}

/** What a unit is to be. */
export interface UnitGoal {
  readonly isUp: boolean;
  readonly isEnabled: boolean;
}

/** Whether a unit starts at boot by a link that `systemctl enable` makes. */
export function isEnabled({ unitFile }: Pick<UnitFound, "unitFile">): boolean {
  return unitFile === "enabled";
}

/** A unit in the record of what was there before us: `up enabled`. */
export function unitRecord(unit: UnitFound): string {
  return `${unit.isUp ? "up" : "down"} ${unit.unitFile || "-"}`;
}

/** What a record says that a unit was. */
export function recordedGoal(record: string): UnitGoal {
  const [active, unitFile = ""] = record.split(" ");
  return { isUp: active === "up", isEnabled: isEnabled({ unitFile }) };
}

/** The units of the record that are on the board still, each with what it was before us. */
export function unitsBefore({
  before,
  output,
}: Pick<Seen, "before" | "output">): { unit: UnitFound; goal: UnitGoal }[] {
  return parseUnits(output).flatMap((unit) => {
    const record = before[unit.id];
    return record === undefined ? [] : [{ unit, goal: recordedGoal(record) }];
  });
}

/** What becomes of a unit, in the forms of `touches.ts`. */
export function unitNotes(unit: UnitFound, goal: UnitGoal): string[] {
  return [
    ...(unit.isUp === goal.isUp ? [] : [`${unit.id} ${goal.isUp ? "starts" : "stops"}`]),
    ...(isEnabled(unit) === goal.isEnabled ? [] : [`${unit.id} is ${goal.isEnabled ? "enabled" : "disabled"} at boot`]),
  ];
}

/**
 * A script that brings a unit there.
 *
 * @param orElse - what follows a command that fails: `|| :`.
 */
export function unitScript(unit: UnitFound, goal: UnitGoal, orElse: (what: string) => string): string {
  const command = (verb: string) =>
    `systemctl ${verb} -q -- ${quote(unit.id)} ${orElse(`${unit.id}: systemctl ${verb} failed`)}\n`;
  return [
    isEnabled(unit) === goal.isEnabled ? "" : command(goal.isEnabled ? "enable" : "disable"),
    unit.isUp === goal.isUp ? "" : command(goal.isUp ? "start" : "stop"),
  ].join("");
}

/** Ends a script whose command fails, with the reason. */
export function orFail(what: string): string {
  return `|| fail ${quote(what)}`;
}
