import { stateDirectory } from "../ssh/file-questions";
import { quote } from "../ssh/shell";

/** What systemd says of a unit, and what we have left for it on the board. */
export interface UnitState {
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** `active`, `activating`, `deactivating`, `failed`, `inactive`, `reloading`. */
  readonly active: string;
  /** `running`, `start`, `auto-restart`, … */
  readonly sub: string;
  /** `enabled`, `disabled`, `static`, …; empty where there is no unit file. */
  readonly unitFile: string;
  readonly needsDaemonReload: boolean;
  /** How often systemd restarted it by itself since it was last started by somebody. */
  readonly restarts: number;
  /** Another one after each start. */
  readonly invocation: string;
  /** When its program was started, by the board's clock, to the second; `undefined` where it was not. */
  readonly startedAt?: Date;
  /** `success`, `exit-code`, `timeout`, `signal`, … */
  readonly result: string;
  readonly exitStatus: number;
  /** A transaction of ours is neither confirmed nor rolled back. */
  readonly unsettled: boolean;
  /** A transaction of ours is settled, and something that it needed is still there. */
  readonly unfinished: boolean;
  /** Its node may be cordoned by us: a run that drained it did not come to its end. */
  readonly cordoned: boolean;
  /** Checksum of the restart triggers that the last confirmed start had; empty before the first. */
  readonly triggers: string;
  /** The program that the last confirmed start had. */
  readonly program?: { readonly sha256: string; readonly version?: string };
  /** Active before our first write, which a deletion brings back; `undefined` where we have not written. */
  readonly wasUp?: boolean;
  /** Enabled before our first write, which a deletion brings back; `undefined` where it could not be, or we have not written. */
  readonly wasEnabled?: boolean;
  /** The program is another file than the one that runs. */
  readonly programReplaced: boolean;
}

const properties =
  "LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts,InvocationID,Result,ExecMainStatus,MainPID,ExecMainStartTimestamp";

/** Directory of a service's open transaction. */
export function transactionDirectory(name: string): string {
  return `${stateDirectory}/transactions/${name}`;
}

/** Where the unit is that rolls back at boot, and the link that has it started. */
export function bootUnitFiles(name: string): { readonly unit: string; readonly link: string } {
  const units = "/etc/systemd/system";
  const unit = `k3s-board-boot-rollback-${name}.service`;
  return { unit: `${units}/${unit}`, link: `${units}/multi-user.target.wants/${unit}` };
}

/** Directory of what we remember of a service: how it was before us, and the triggers of its last start. */
export function recordDirectory(name: string): string {
  return `${stateDirectory}/services/${name}`;
}

/** Is there while the node of a service may be cordoned by us. */
export function cordonRecord(name: string): string {
  return `${recordDirectory(name)}.cordoned`;
}

/**
 * Prints what {@link parseUnitState} reads; one process, three more for a program.
 *
 * @param program - path of the service's program, to see whether it is the one that runs.
 */
export function unitStateFragment(name: string, program?: string): string {
  const shown = `TZ=UTC systemctl show -p ${properties} -- ${quote(`${name}.service`)}`;
  const kept = (file: string) => quote(`${recordDirectory(name)}/${file}`);
  return `${program === undefined ? `${shown} || exit` : `s=$(${shown}) || exit; printf '%s\\n' "$s"; pid=\${s##*MainPID=}; pid=\${pid%%[!0-9]*}`}
if [ -e ${quote(`${transactionDirectory(name)}/rollback`)} ]; then echo Unsettled=yes
elif [ -d ${quote(transactionDirectory(name))} ] || [ -e ${quote(bootUnitFiles(name).unit)} ]; then echo Unfinished=yes; fi
[ ! -e ${quote(cordonRecord(name))} ] || echo Cordoned=yes
t=; [ ! -r ${kept("triggers")} ] || read -r t <${kept("triggers")}; echo "Triggers=$t"
t=; [ ! -r ${kept("before")} ] || read -r t <${kept("before")}; echo "Before=$t"
${
  program === undefined
    ? ""
    : `t=; [ ! -r ${kept("program")} ] || read -r t <${kept("program")}; echo "Program=$t"
[ "\${pid:-0}" = 0 ] || { echo "Runs=$(readlink "/proc/$pid/exe")"; stat -L -c 'There=%d:%i:%s:%Y %Z' -- ${quote(program)} 2>/dev/null; }
:`
}`;
}

/** Reads `name=value` lines. */
export function parseUnitState(output: string): UnitState {
  const values = new Map(
    output.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const text = (name: string) => values.get(name) ?? "";
  const [sha256, version, identity] = text("Program").split(" ");
  const startedAt = timeOf(text("ExecMainStartTimestamp"));
  return {
    load: text("LoadState"),
    active: text("ActiveState"),
    sub: text("SubState"),
    unitFile: text("UnitFileState"),
    needsDaemonReload: text("NeedDaemonReload") === "yes",
    restarts: Number(text("NRestarts")) || 0,
    invocation: text("InvocationID"),
    ...(startedAt === undefined ? {} : { startedAt }),
    result: text("Result"),
    exitStatus: Number(text("ExecMainStatus")) || 0,
    unsettled: text("Unsettled") === "yes",
    unfinished: text("Unfinished") === "yes",
    cordoned: text("Cordoned") === "yes",
    triggers: text("Triggers"),
    ...(text("Before") === ""
      ? {}
      : { wasUp: /^load=loaded active=(active|activating|reloading) /.test(text("Before")) }),
    ...(/^load=loaded .*enabled=(enabled|disabled)$/.test(text("Before"))
      ? { wasEnabled: text("Before").endsWith("=enabled") }
      : {}),
    ...(sha256 ? { program: { sha256, ...(version === undefined || version === "-" ? {} : { version }) } } : {}),
    programReplaced: isReplaced({
      runs: text("Runs"),
      there: text("There"),
      ...(startedAt === undefined ? {} : { startedAt }),
      known: identity,
    }),
  };
}

/** A time as systemd writes it in UTC, `Sat 2026-11-21 17:06:09 UTC`; `undefined` for anything else. */
function timeOf(written: string): Date | undefined {
  const parsed = new Date(written.replace(/^\w+ (\S+) (\S+) UTC$/, "$1T$2Z"));
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

/** True for a service that runs or is on its way to. */
export function isUp({ active }: Pick<UnitState, "active">): boolean {
  return active === "active" || active === "activating" || active === "reloading" || active === "refreshing";
}

/** What a deletion brings back: as our first write recorded it, or as it is where that is still to come. */
export function beforeUs(unit: UnitState): Pick<UnitState, "wasEnabled"> & { readonly wasUp: boolean } {
  const { wasUp, wasEnabled, load, unitFile } = unit;
  if (wasUp !== undefined) return { wasUp, ...(wasEnabled === undefined ? {} : { wasEnabled }) };
  if (load !== "loaded") return { wasUp: false };
  const canBe = unitFile === "enabled" || unitFile === "disabled";
  return { wasUp: isUp(unit), ...(canBe ? { wasEnabled: unitFile === "enabled" } : {}) };
}

/** What tells whether the program of a running service is still the one that is there. */
interface ProgramSigns {
  /** Where `/proc/<pid>/exe` points; empty where nothing runs. A k3s that unpacks itself runs from its data directory. */
  readonly runs: string;
  /** Device, inode, size and mtime of the program, and the seconds of its ctime; empty where it is not there or nothing runs. */
  readonly there: string;
  /** When the service started. */
  readonly startedAt?: Date;
  /** Device, inode, size and mtime of the program of the last confirmed start. */
  readonly known?: string;
}

/**
 * True where a service runs from a program that was removed, or where another file took the program's place after it started. The file of the
 * last confirmed start never counts as another one: a mode that was set changes its ctime as well, and a board's clock may jump.
 */
export function isReplaced({ runs, there, startedAt, known }: ProgramSigns): boolean {
  if (runs === "") return false;
  if (runs.endsWith(" (deleted)")) return true;
  const [identity, changed] = there.split(" ");
  if (!identity || known === undefined || identity === known || startedAt === undefined) return false;
  return Number(changed) * 1000 > startedAt.getTime();
}
