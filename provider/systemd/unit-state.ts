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
  /** `success`, `exit-code`, `timeout`, `signal`, … */
  readonly result: string;
  readonly exitStatus: number;
  /** A transaction of ours is neither confirmed nor rolled back. */
  readonly unsettled: boolean;
  /** Checksum of the restart triggers that the last confirmed start had; empty before the first. */
  readonly triggers: string;
}

const properties =
  "LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts,InvocationID,Result,ExecMainStatus";

/** Directory of a service's open transaction. */
export function transactionDirectory(name: string): string {
  return `${stateDirectory}/transactions/${name}`;
}

/** Directory of what we remember of a service: how it was before us, and the triggers of its last start. */
export function recordDirectory(name: string): string {
  return `${stateDirectory}/services/${name}`;
}

/** Prints what {@link parseUnitState} reads; one process. */
export function unitStateFragment(name: string): string {
  return `systemctl show -p ${properties} -- ${quote(`${name}.service`)} || exit
[ ! -d ${quote(transactionDirectory(name))} ] || echo Unsettled=yes
t=; [ ! -r ${quote(`${recordDirectory(name)}/triggers`)} ] || read -r t <${quote(`${recordDirectory(name)}/triggers`)}; echo "Triggers=$t"`;
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
  return {
    load: text("LoadState"),
    active: text("ActiveState"),
    sub: text("SubState"),
    unitFile: text("UnitFileState"),
    needsDaemonReload: text("NeedDaemonReload") === "yes",
    restarts: Number(text("NRestarts")) || 0,
    invocation: text("InvocationID"),
    result: text("Result"),
    exitStatus: Number(text("ExecMainStatus")) || 0,
    unsettled: text("Unsettled") === "yes",
    triggers: text("Triggers"),
  };
}

/** True for a service that runs or is on its way to. */
export function isUp({ active }: Pick<UnitState, "active">): boolean {
  return active === "active" || active === "activating" || active === "reloading" || active === "refreshing";
}
