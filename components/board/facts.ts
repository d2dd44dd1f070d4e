import type { Facts } from "../../provider";
import { architectureOfMachine } from "./architecture";
import type { BoardConfig } from "./config";

/** Oldest systemd whose transient timers and `--on-active` behave as the roll-back needs them (Debian 11, openEuler 22.03). */
const oldestSystemd = 247;

/**
 * What speaks against going on with a board, each as a sentence that says what to do. Empty where all is well.
 *
 * @param facts - what the board told of itself.
 * @param path - config path of the board's section.
 */
export function boardProblems(
  config: Pick<BoardConfig, "arch" | "prerequisites">,
  facts: Facts,
  path = "board",
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
    problems.push("the board does not run systemd, which the services of this program need");
  } else if (facts.systemdVersion < oldestSystemd) {
    problems.push(
      `the board runs systemd ${facts.systemdVersion}; ${oldestSystemd} is the oldest that can roll back by itself`,
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
