import type { RuntimeConfig } from "./config";

/** How a runtime and a kubelet put containers into cgroups. */
export type CgroupDriver = RuntimeConfig["cgroupDriver"];

const option = "native.cgroupdriver=";

/** The entry of `exec-opts` that gives Docker a cgroup driver. */
export function execOptionOf(driver: CgroupDriver): string {
  return `${option}${driver}`;
}

/** Whether an entry of `exec-opts` names a cgroup driver: there can be one only. */
export function namesDriver(entry: unknown): boolean {
  return typeof entry === "string" && entry.startsWith(option);
}

/** The cgroup driver that `exec-opts` names; `undefined` where they name none, and Docker chooses. */
export function driverOfOptions(entries: readonly string[]): string | undefined {
  return entries.findLast(namesDriver)?.slice(option.length);
}

/** A cgroup driver with the place that says so. */
export interface ToldDriver {
  readonly driver: string;
  /** `kubeadm.kubelet.cgroupDriver`. */
  readonly where: string;
}

/**
 * What is wrong with two cgroup drivers, whichever of the two is off: kubelet and its runtime need the same, and a board that systemd runs wants
 * systemd's, because two writers of one cgroup tree undo each other. Empty where they agree.
 */
export function cgroupDriverProblems(runtime: ToldDriver, kubelet: ToldDriver): string[] {
  if (runtime.driver === kubelet.driver) return [];
  const toRuntime = `set ${kubelet.where} to ${runtime.driver}`;
  const toKubelet = `set ${runtime.where} to ${kubelet.driver}`;
  const [first, second] = kubelet.driver === "systemd" ? [toKubelet, toRuntime] : [toRuntime, toKubelet];
  return [
    `the cgroup drivers differ: ${runtime.where} says ${runtime.driver}, ${kubelet.where} says ${kubelet.driver}: ${first}, or ${second}`,
  ];
}
