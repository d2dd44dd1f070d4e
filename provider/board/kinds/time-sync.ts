import type { Seen, SettingKind } from "../kind";
import {
  isEnabled,
  orFail,
  parseUnits,
  type UnitFound,
  unitNotes,
  unitRecord,
  unitsBefore,
  unitScript,
  unitsFragment,
} from "./units";

const key = "timeSync";
const enabled = "enabled";

/** Services that keep the clock, those first that somebody has installed for it: chrony of Fedora and openEuler, of Debian, ntpsec, ntpd, systemd's own. */
const services = ["chronyd.service", "chrony.service", "ntpsec.service", "ntpd.service", "systemd-timesyncd.service"];

/** Seconds that a clock gets to be right before anything is made that depends on it, such as certificates. */
const syncSeconds = 20;

const on = { isUp: true, isEnabled: true };

/** The one that is used: what runs, else what comes at boot, else what is installed. */
function serviceIn({ output }: Seen): UnitFound | undefined {
  const found = parseUnits(output).filter(({ load }) => load === "loaded");
  return found.find(({ isUp }) => isUp) ?? found.find(isEnabled) ?? found[0];
}

/** A service that keeps the board's clock: `enabled`, now and at boot. Which one is the board's own matter. */
export const timeSync: SettingKind = {
  noun: "",
  problems: (values) => (values[key] === enabled ? [] : [{ property: `values.${key}`, reason: `must be ${enabled}` }]),
  files: [],
  look: () => unitsFragment(services),
  running: (_keys, seen) => {
    const service = serviceIn(seen);
    if (service === undefined) return { [key]: "off" };
    const is = service.isUp && isEnabled(service) ? enabled : service.isUp ? "on, not at boot" : "off";
    return { [key]: is, [service.id]: unitRecord(service) };
  },
  boot: (keys, seen) => timeSync.running(keys, seen),
  edit: () => ({}),
  touches: ({ apply, restore }, seen) => {
    const service = serviceIn(seen);
    if (key in apply) return service === undefined ? [] : unitNotes(service, on);
    return key in restore ? unitsBefore(seen).flatMap(({ unit, goal }) => unitNotes(unit, goal)) : [];
  },
  refusal: (wanted, seen) =>
    wanted[key] === undefined || serviceIn(seen) !== undefined
      ? undefined
      : `nothing that keeps the clock is installed (none of ${services.join(", ")}): install systemd-timesyncd on Debian and Ubuntu, chrony on Fedora and openEuler`,
  apply: (_values, seen) => {
    const service = serviceIn(seen);
    if (service === undefined) return "";
    const wait = `left=${syncSeconds}
while [ $left -gt 0 ] && [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = no ]; do sleep 1; left=$((left - 1)); done`;
    return `${unitScript(service, on, orFail)}systemctl is-active -q ${service.id} ${orFail(`${service.id} does not run: systemctl status ${service.id} says why`)}
${service.isUp ? "" : wait}`;
  },
  restore: (_before, seen) =>
    unitsBefore(seen)
      .map(({ unit, goal }) => unitScript(unit, goal, () => "2>/dev/null"))
      .join(""),
};
