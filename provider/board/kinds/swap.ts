import { quote } from "../../ssh/shell";
import type { Seen, SettingKind, Texts } from "../kind";
import {
  isEnabled,
  orFail,
  parseUnits,
  recordedGoal,
  type UnitFound,
  type UnitGoal,
  unitNotes,
  unitRecord,
  unitScript,
  unitsFragment,
} from "./units";

const key = "swap";
const disabled = "disabled";

export const fstabFile = "/etc/fstab";
/** Armbian's zram service makes the file system for logs as well: its swap alone is switched off here. */
export const armbianFile = "/etc/default/armbian-zram-config";
const armbianLine = "SWAP=false # set by k3s-board\n";

/** Services that make swap: zram-tools of Debian, zram-config of Ubuntu, zram-swap, and Raspberry Pi OS's swap file. */
const makers = ["zramswap.service", "zram-config.service", "zram-swap.service", "dphys-swapfile.service"];

const mark = "# k3s-board: ";

function isSwapEntry(line: string): boolean {
  const [, , type, options = ""] = line.trim().split(/\s+/);
  return !line.trim().startsWith("#") && type === "swap" && !options.split(",").includes("noauto");
}

/** Devices and files that fstab has as swap. */
export function fstabSwaps(text: string): string[] {
  return text
    .split("\n")
    .filter(isSwapEntry)
    .map((line) => line.trim().split(/\s+/)[0] ?? "");
}

/** fstab with its swap as comments, or with those comments as entries again. */
export function editFstab(text: string, isDisabled: boolean): string {
  return text
    .split("\n")
    .map((line) => {
      if (isDisabled) return isSwapEntry(line) ? mark + line : line;
      return line.startsWith(mark) ? line.slice(mark.length) : line;
    })
    .join("\n");
}

function editArmbian(text: string, isDisabled: boolean): string {
  const without = text.replace(armbianLine, "");
  const newline = without === "" || without.endsWith("\n") ? "" : "\n";
  return isDisabled ? `${without}${newline}${armbianLine}` : without;
}

/** Whether a unit file is the user's own: it cannot be masked, only be disabled. */
function isOwnFile({ fragment, unitFile }: UnitFound): boolean {
  return fragment.startsWith("/etc/systemd/system/") && unitFile !== "masked";
}

/** Whether a unit file is of a generator or a package: it is masked, because nothing else keeps it from coming back. */
function isForeign(unit: UnitFound): boolean {
  return !isOwnFile(unit);
}

interface Swap {
  /** In use. */
  readonly devices: readonly string[];
  /** Services that make swap, now or at boot. */
  readonly services: readonly UnitFound[];
  /** Swap units of generators and packages that come at boot. */
  readonly units: readonly UnitFound[];
}

function swapIn({ output }: Seen): Swap {
  const devices = output.split("\n").flatMap((line) => /^device=(.*)$/.exec(line)?.[1] ?? []);
  const found = parseUnits(output).filter(({ load }) => load === "loaded");
  return {
    devices,
    services: found.filter((unit) => makers.includes(unit.id) && (unit.isUp || isEnabled(unit))),
    units: found.filter(
      (unit) =>
        unit.id.endsWith(".swap") &&
        unit.fragment !== "" &&
        unit.source !== fstabFile &&
        (isOwnFile(unit) ? isEnabled(unit) : unit.isUp || isEnabled(unit) || unit.unitFile === "generated"),
    ),
  };
}

/** Ends the record of a unit that is masked. */
const maskRecord = " mask";
const maskPath = (unit: string) => `/etc/systemd/system/${unit}`;
const off = { isUp: false, isEnabled: false };

/** Units that were masked for the setting and are to be there again. */
function maskedByUs({ before }: Seen): string[] {
  return Object.keys(before).filter((id) => before[id]?.endsWith(maskRecord));
}

/** Other units that were changed for the setting, with what they were before. One that systemd has forgotten meanwhile is stopped and disabled. */
function changedByUs(seen: Seen): { unit: UnitFound; goal: UnitGoal }[] {
  const found = parseUnits(seen.output);
  return Object.entries(seen.before).flatMap(([id, record]) => {
    if (!/\.(?:service|swap)$/.test(id) || record.endsWith(maskRecord)) return [];
    const forgotten = { id, load: "loaded", isUp: false, unitFile: "disabled", fragment: "", source: "" };
    return [{ unit: found.find((unit) => unit.id === id) ?? forgotten, goal: recordedGoal(record) }];
  });
}

/** Swap: `disabled`, now and at boot. What makes it is found in fstab, in swap units, and in the services of distributions for zram and swap files. */
export const swap: SettingKind = {
  noun: "",
  problems: (values) =>
    values[key] === disabled ? [] : [{ property: `values.${key}`, reason: `must be ${disabled}` }],
  files: [fstabFile, armbianFile],
  // The units of a generator and of fstab are loaded: swap.target wants them.
  look: () =>
    `while read -r name _; do case $name in /*) echo "device=$name" ;; esac; done </proc/swaps\necho\n${unitsFragment(["*.swap", ...makers])}`,
  running: (_keys, seen) => {
    const { devices, services, units } = swapIn(seen);
    const all = [...devices, ...[...services, ...units].map(({ id }) => id)];
    return {
      ...Object.fromEntries(devices.map((device) => [device, "on"])),
      ...Object.fromEntries([...services, ...units.filter(isOwnFile)].map((unit) => [unit.id, unitRecord(unit)])),
      ...Object.fromEntries(units.filter(isForeign).map((unit) => [unit.id, unitRecord(unit) + maskRecord])),
      [key]: all.length === 0 ? disabled : all.join(", "),
    };
  },
  boot: (_keys, seen) => {
    const { services, units } = swapIn(seen);
    const all = [
      ...fstabSwaps(seen.files[fstabFile] ?? ""),
      ...[...services, ...units].filter((unit) => isEnabled(unit) || !makers.includes(unit.id)).map(({ id }) => id),
    ];
    return { [key]: all.length === 0 ? disabled : all.join(", ") };
  },
  edit: (wanted, _ours, { files }) => {
    const isDisabled = wanted[key] === disabled;
    const edits = { [fstabFile]: editFstab, [armbianFile]: editArmbian };
    const changed = Object.entries(edits).flatMap(([path, edit]) => {
      const text = files[path] ?? null;
      if (text === null) return [];
      const edited = edit(text, isDisabled);
      return edited === text ? [] : [[path, edited] as const];
    });
    const texts: Texts = Object.fromEntries(changed);
    return texts;
  },
  touches: ({ apply, restore }, seen) => {
    const { services, units } = swapIn(seen);
    if (key in apply)
      return [
        ...[...services, ...units.filter(isOwnFile)].flatMap((unit) => unitNotes(unit, off)),
        ...units.filter(isForeign).map(({ id }) => `${maskPath(id)} is new:\n+ a link to /dev/null`),
      ];
    if (!(key in restore)) return [];
    return [
      ...changedByUs(seen).flatMap(({ unit, goal }) => unitNotes(unit, goal)),
      ...maskedByUs(seen).map((id) => `${maskPath(id)} goes:\n- a link to /dev/null`),
    ];
  },
  apply: (_values, seen) => {
    const { devices, services, units } = swapIn(seen);
    return [
      ...[...services, ...units.filter(isOwnFile)].map((unit) => unitScript(unit, off, orFail)),
      ...units
        .filter(isForeign)
        .map(
          ({ id }) =>
            `systemctl mask -q -- ${quote(id)} && systemctl stop -q -- ${quote(id)} ${orFail(`${id} cannot be masked and stopped`)}`,
        ),
      ...(devices.length === 0
        ? []
        : ['swapoff -a || fail "swap cannot be turned off: is there enough memory for what is in it?"']),
    ].join("\n");
  },
  restore: () => "",
  // Behind the files: fstab says with which priority its swap comes back.
  settle: (wanted, ours, seen) => {
    if (key in wanted || !(key in ours)) return "systemctl daemon-reload";
    const masked = maskedByUs(seen);
    const devices = Object.keys(seen.before).filter((name) => seen.before[name] === "on");
    return [
      ...masked.map((id) => `systemctl unmask -q -- ${quote(id)} 2>/dev/null`),
      "systemctl daemon-reload",
      ...changedByUs(seen).map(({ unit, goal }) => unitScript(unit, goal, () => "2>/dev/null")),
      ...masked
        .filter((id) => seen.before[id]?.startsWith("up ") === true)
        .map((id) => `systemctl start -q -- ${quote(id)} 2>/dev/null`),
      ...devices.map(
        (device) =>
          `grep -q -e ${quote(`^${device} `)} /proc/swaps || systemctl start -q -- "$(systemd-escape -p --suffix=swap -- ${quote(device)})" 2>/dev/null || swapon -- ${quote(device)} 2>/dev/null`,
      ),
    ].join("\n");
  },
};
