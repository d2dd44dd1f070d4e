import type { Touches } from "../../provider/touches";

/** A board as it is: what a run could touch. */
export interface Snapshot {
  readonly bootId: string;
  /** Mode, owner, group, kind and content of each file, by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly units: ReadonlyMap<string, Unit>;
  /** Values of the running system, by the name that notes have for them. */
  readonly values: ReadonlyMap<string, string>;
}

interface Unit {
  readonly isUp: boolean;
  readonly isEnabled: boolean;
  /** Another one after each start. */
  readonly invocation: string;
}

/** Places that change without a run: journals, caches, and our own memory of the board. */
const noise = [
  "/var/lib/k3s-board",
  "/var/lib/systemd",
  "/var/lib/dbus",
  "/var/lib/private",
  "/etc/.pwd.lock",
  "/etc/machine-info",
  "/etc/.updated",
  "/var/lib/dpkg",
  "/var/lib/apt",
];

/** Units that come and go with a login or with the first boot of a system (ldconfig), or are our own timers. */
const noisyUnit =
  /^(ldconfig|user@|user-runtime-dir@|k3s-board-|systemd-|getty@|console-getty|modprobe@|ssh@|sshd@|dbus|logrotate|apt-)/;

/** Prints what {@link parseSnapshot} reads. */
export const snapshotScript = `
cat /proc/sys/kernel/random/boot_id
echo "sysctl kernel.domainname=$(cat /proc/sys/kernel/domainname)"
echo "hostname=$(cat /proc/sys/kernel/hostname)"
echo ==
find /etc /usr/local /opt /var/lib -xdev \\( ${noise.map((path) => `-path ${path}`).join(" -o ")} \\) -prune -o \\( -type f -o -type l \\) -printf '%p\\t%y %m %u %g %l\\n'
echo ==
find /etc /usr/local /opt /var/lib -xdev \\( ${noise.map((path) => `-path ${path}`).join(" -o ")} \\) -prune -o -type f -print0 | xargs -0 sha256sum
echo ==
systemctl show -p Id,ActiveState,InvocationID,UnitFileState '*.service' property-own.service property-system.service
`;

/** Reads what {@link snapshotScript} printed. */
export function parseSnapshot(output: string): Snapshot {
  const [head = "", attributes = "", sums = "", units = ""] = output.split(/^==\n/m);
  const [bootId = "", ...values] = head.trim().split("\n");
  const sumOf = new Map(lines(sums).map((line) => [line.slice(66), line.slice(0, 64)] as const));
  return {
    bootId,
    values: new Map(
      values.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
    ),
    files: new Map(
      lines(attributes).map((line) => {
        const [path = "", said = ""] = line.split("\t");
        return [path, `${said} ${sumOf.get(path) ?? ""}`] as const;
      }),
    ),
    units: new Map(units.split("\n\n").flatMap(parseUnit)),
  };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function parseUnit(text: string): [string, Unit][] {
  const properties = new Map(
    lines(text).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
  );
  const id = properties.get("Id") ?? "";
  if (id === "" || noisyUnit.test(id)) return [];
  const isUp = ["active", "activating", "reloading"].includes(properties.get("ActiveState") ?? "");
  const isEnabled = properties.get("UnitFileState") === "enabled";
  return [[id, { isUp, isEnabled, invocation: properties.get("InvocationID") ?? "" }]];
}

/** A link by which a unit starts at boot: it is told as the unit's. */
const enablingLink = /^\/etc\/systemd\/system\/[^/]+\.wants\//;

/** What was touched between two snapshots, in the words of a preview. */
export function touchedBetween(before: Snapshot, after: Snapshot): Touches & { readonly values: readonly string[] } {
  const reboots = before.bootId !== after.bootId;
  const nothing: Unit = { isUp: false, isEnabled: false, invocation: "" };
  const units = keys(before.units, after.units).flatMap((id) => {
    const [was, is] = [before.units.get(id) ?? nothing, after.units.get(id) ?? nothing];
    // The boot is told, and that everything starts with it is known, also what was enabled and did not run.
    const known = reboots && (was.isUp === is.isUp || (is.isUp && was.isEnabled));
    const started = known ? [] : startOf(was, is);
    return [...started, ...(was.isEnabled === is.isEnabled ? [] : [is.isEnabled ? "is enabled" : "is disabled"])].map(
      (what) => `${id} ${what}`,
    );
  });
  return {
    reboots,
    units: units.sort(),
    files: keys(before.files, after.files).filter(
      (path) => before.files.get(path) !== after.files.get(path) && !enablingLink.test(path),
    ),
    values: keys(before.values, after.values).filter((name) => before.values.get(name) !== after.values.get(name)),
  };
}

function startOf(was: Unit, is: Unit): string[] {
  if (was.isUp && is.isUp) return was.invocation === is.invocation ? [] : ["restarts"];
  return was.isUp === is.isUp ? [] : [is.isUp ? "starts" : "stops"];
}

function keys(...maps: readonly ReadonlyMap<string, unknown>[]): string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
}

const valueNote = /^((?:sysctl )?[a-z.]+) (?:is .* and )?becomes /;

/** Values that the notes of a preview name, of those that a snapshot knows. */
export function valuesIn(notes: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const found = notes.flatMap((note) => valueNote.exec(note)?.[1] ?? []);
  return [...new Set(found)].filter((name) => known.has(name)).sort();
}
