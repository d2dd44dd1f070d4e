import { keysOf, ownFile, type Seen, type SettingKind, type Texts, type Values } from "../kind";
import { firewallsFragment, firewallsIn, type Firewalls, firewallsOn, ufwFile } from "./firewall-found";
import {
  editUfwRules,
  firewalldPolicy,
  firewalldZone,
  isPort,
  networkPattern,
  type Openings,
  parseUfwRules,
  policyPorts,
  ufwRules,
  zoneSources,
} from "./firewall-rules";
import {
  isEnabled,
  orFail,
  type UnitFound,
  type UnitGoal,
  unitNotes,
  unitRecord,
  unitsBefore,
  unitScript,
} from "./units";

const key = "firewall";
const [disabled, open, trusted] = ["disabled", "open", "trusted"] as const;

export const policyFile = "/etc/firewalld/policies/k3s-board.xml";
export const zoneFile = "/etc/firewalld/zones/k3s-board.xml";
/** Where somebody who followed k3s's documentation by hand has the cluster's networks. A network can be in one zone only. */
export const trustedFile = "/etc/firewalld/zones/trusted.xml";
const ufwRuleFiles = [
  { path: "/etc/ufw/before.rules", family: 4 },
  { path: "/etc/ufw/before6.rules", family: 6 },
] as const;

function openingsOf(values: Values): Openings {
  const keys = keysOf(values);
  return {
    ports: keys.filter((name) => values[name] === open),
    networks: keys.filter((name) => values[name] === trusted),
  };
}

/** The value of a port or network that is let in. */
const letIn = (name: string) => (isPort(name) ? open : trusted);

/** Rules of ufw for one port or network. */
function rulesFor(name: string): string[] {
  const openings = openingsOf({ [name]: letIn(name) });
  return ([4, 6] as const).flatMap((family) => ufwRules(openings, family));
}

/** Whether all firewalls that run let it in; true where none does. */
function isLetIn(name: string, { firewalld, ufw, ufwIsOn, loaded, rules }: Firewalls): boolean {
  const byFirewalld = firewalld?.isUp !== true || [...loaded.ports, ...loaded.networks].includes(name);
  return byFirewalld && (ufw?.isUp !== true || !ufwIsOn || rulesFor(name).every((rule) => rules.includes(rule)));
}

function foreignSources({ files }: Seen): string[] {
  return zoneSources(files[trustedFile] ?? "");
}

/** ufw stays enabled as a service: whether it does anything is in its own file. */
function offFor(unit: UnitFound): UnitGoal {
  return { isUp: false, isEnabled: unit.id === "ufw.service" && isEnabled(unit) };
}

/**
 * firewalld and ufw, whichever are there: `firewall` is `disabled`, or ports are `open` and networks `trusted`. What is open is in files of our own,
 * or in a block of our own in ufw's file for that: the user's rules stay what they are.
 */
export const firewall: SettingKind = {
  noun: "",
  problems: (values) =>
    Object.entries(values).flatMap(([name, value]) => {
      const isAlone = Object.keys(values).length === 1;
      const isGood =
        (name === key && value === disabled && isAlone) ||
        (isPort(name) && value === open) ||
        (networkPattern.test(name) && value === trusted);
      const reason = `must be ${key}: ${disabled} alone, or ports that are ${open} and networks that are ${trusted}`;
      return isGood ? [] : [{ property: `values.${name}`, reason }];
    }),
  files: [policyFile, zoneFile, trustedFile, ufwFile, ...ufwRuleFiles.map(({ path }) => path)],
  look: () => firewallsFragment,
  running: (keys, seen) => {
    const found = firewallsIn(seen);
    const on = firewallsOn(found);
    return {
      ...Object.fromEntries(on.map((unit) => [unit.id, unitRecord(unit)])),
      ...Object.fromEntries(
        keys.filter((name) => name !== key).map((name) => [name, isLetIn(name, found) ? letIn(name) : "closed"]),
      ),
      ...(keys.includes(key) ? { [key]: on.length === 0 ? disabled : on.map(({ id }) => id).join(" and ") } : {}),
    };
  },
  boot: (keys, seen) => {
    const { firewalld, ufw } = firewallsIn(seen);
    const { files } = seen;
    const sources = [...zoneSources(files[zoneFile] ?? ""), ...foreignSources(seen)];
    const inFirewalld = [...policyPorts(files[policyFile] ?? ""), ...sources];
    const inUfw = ufwRuleFiles.flatMap(({ path }) => parseUfwRules(files[path] ?? ""));
    const isOpen = (name: string) =>
      (firewalld === undefined || inFirewalld.includes(name)) &&
      (ufw === undefined || rulesFor(name).every((rule) => inUfw.includes(rule)));
    const ports = keys.filter((name) => name !== key);
    return {
      ...firewall.running(keys, seen),
      ...Object.fromEntries(ports.map((name) => [name, isOpen(name) ? letIn(name) : "closed"])),
    };
  },
  edit: (wanted, ours, seen) => {
    const { firewalld, ufw, ufwIsOn } = firewallsIn(seen);
    const { ports, networks } = openingsOf(firewalld === undefined ? {} : wanted);
    const foreign = foreignSources(seen);
    const zone = { ports, networks: networks.filter((network) => !foreign.includes(network)) };
    const rules = ufwRuleFiles.flatMap(({ path, family }) => {
      const text = seen.files[path] ?? null;
      if (text === null) return [];
      const edited = editUfwRules(text, ufw === undefined ? [] : ufwRules(openingsOf(wanted), family));
      return edited === text ? [] : [[path, edited] as const];
    });
    const conf = seen.files[ufwFile] ?? "";
    const wasOn = firewallsIn({ output: "", files: seen.originals }).ufwIsOn;
    const isBack = wanted[key] === undefined && ours[key] === disabled && wasOn && !ufwIsOn;
    const isOff = wanted[key] === disabled && ufwIsOn;
    const texts: Texts = {
      ...ownFile(policyFile, firewalldPolicy(zone), seen),
      ...ownFile(zoneFile, firewalldZone(zone), seen),
      ...Object.fromEntries(rules),
      ...(isBack || isOff ? { [ufwFile]: conf.replace(/^ENABLED=.*$/m, `ENABLED=${isBack ? "yes" : "no"}`) } : {}),
    };
    return texts;
  },
  touches: ({ edits, apply, restore }, seen) => {
    const found = firewallsIn(seen);
    if (key in apply) return firewallsOn(found).flatMap((unit) => unitNotes(unit, offFor(unit)));
    if (key in restore) return unitsBefore(seen).flatMap(({ unit, goal }) => unitNotes(unit, goal));
    return [found.firewalld, found.ufw].flatMap((unit) => {
      const isTouched = Object.keys(edits).some((path) =>
        path.startsWith(unit === found.ufw ? "/etc/ufw/" : "/etc/firewalld/"),
      );
      return unit?.isUp === true && isTouched
        ? [`${unit.id} reads its rules again; what was set only for now in it is lost`]
        : [];
    });
  },
  refusal: (wanted, seen) => {
    const { firewalld, hasPolicies } = firewallsIn(seen);
    return openingsOf(wanted).ports.length === 0 || firewalld === undefined || hasPolicies
      ? undefined
      : "this firewalld is older than 0.9 and has no policies: open the ports by hand (firewall-cmd --permanent --add-port), or set firewall to kind: disabled";
  },
  // Only while its file still says that it is on does ufw take its rules away: it stops before the file is written.
  apply: (values, seen) =>
    key in values
      ? firewallsOn(firewallsIn(seen))
          .map((unit) => unitScript(unit, offFor(unit), orFail))
          .join("")
      : "",
  restore: () => "",
  settle: (wanted, ours, seen) => {
    const { firewalld, ufw } = firewallsIn(seen);
    const isBack = wanted[key] === undefined && ours[key] === disabled;
    const reload = (unit: UnitFound | undefined, command: string) =>
      unit === undefined || wanted[key] === disabled || isBack
        ? ""
        : `if systemctl is-active -q ${unit.id}; then ${command} >/dev/null ${orFail(`${unit.id} does not take its rules: look at its journal`)}; fi`;
    return [
      ...(isBack ? unitsBefore(seen).map(({ unit, goal }) => unitScript(unit, goal, () => "2>/dev/null")) : []),
      reload(firewalld, "firewall-cmd --reload"),
      reload(ufw, "ufw reload"),
    ].join("\n");
  },
};
