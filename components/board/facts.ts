import type { Facts } from "../../provider";
import { architectureOfMachine } from "./architecture";
import type { BoardConfig } from "./config";

/** Oldest systemd whose transient timers and `--on-active` behave as the roll-back needs them (Debian 11, openEuler 22.03). */
const oldestSystemd = 247;

/** A clock that is further off makes certificates that others do not accept, and takes theirs for invalid. */
const clockToleranceSeconds = 3600;

/** What a clock is off, in the largest whole unit. */
function skewText(seconds: number): string {
  const units = [
    ["days", 86_400],
    ["hours", 3600],
  ] as const;
  const [name, size] = units.find(([, of]) => Math.abs(seconds) >= 2 * of) ?? (["minutes", 60] as const);
  return `${Math.floor(Math.abs(seconds) / size)} ${name} ${seconds < 0 ? "behind" : "ahead"}`;
}

/**
 * What speaks against going on with a board, each as a sentence that says what to do. Empty where all is well.
 *
 * @param facts - what the board told of itself.
 * @param path - config path of the board's section.
 * @param now - this machine's clock, in seconds since 1970.
 */
export function boardProblems(
  config: Pick<BoardConfig, "arch" | "prerequisites">,
  facts: Facts,
  path = "board",
  now = Date.now() / 1000,
): string[] {
  const problems: string[] = [];
  const actual = architectureOfMachine(facts.machine);
  if (actual !== config.arch) {
    problems.push(
      `${path}.arch: the configuration says ${config.arch}, the board says ${actual ?? facts.machine}: ` +
        (actual === undefined ? "this program has no builds for it" : `set ${path}.arch to ${actual}`),
    );
  }
  if (facts.systemdVersion === undefined) {
    problems.push(
      `${facts.os || "the board"} does not run systemd, by which this program starts, watches and rolls back services: use a distribution with systemd ${oldestSystemd} or newer`,
    );
  } else if (facts.systemdVersion < oldestSystemd) {
    problems.push(
      `the board runs systemd ${facts.systemdVersion}; ${oldestSystemd} is the oldest that can roll back by itself`,
    );
  }
  const skew = facts.clockSeconds - now;
  if (Math.abs(skew) > clockToleranceSeconds && config.prerequisites?.timeSync === undefined) {
    problems.push(
      `the board's clock is ${skewText(skew)}: certificates are judged by it. Set it (date -s @$(date +%s) from a machine whose clock is right), or let ${path}.prerequisites.timeSync keep it`,
    );
  }
  // Parameters that are to bring them are a matter of the reboot, which looks whether they did.
  const parameters = config.prerequisites?.kernelCommandLine ?? [];
  if (facts.cgroupVersion !== 2) {
    if (!parameters.includes("systemd.unified_cgroup_hierarchy=1"))
      problems.push(
        `the board has no unified cgroup hierarchy (v2): boot with systemd.unified_cgroup_hierarchy=1, by hand or by ${path}.prerequisites.kernelCommandLine`,
      );
  } else if (!facts.cgroupControllers.includes("memory") && !parameters.includes("cgroup_enable=memory")) {
    problems.push(
      `the memory cgroup controller is off: add cgroup_enable=memory to the kernel command line and reboot, by hand or by ${path}.prerequisites.kernelCommandLine`,
    );
  }
  return problems;
}
