import type { ProgramFacts } from "../../provider";
import { isVersion } from "../../provider/systemd/program-version";
import type { Architecture } from "../board/architecture";
import { parseElf } from "../images/elf";

/** What a k3s has to be that is on the board already. */
export interface InstalledK3s {
  /** Path on the board. */
  readonly path: string;
  /** Name of its unit without `.service`. */
  readonly unit: string;
  /** The version that images are chosen for. */
  readonly version: string;
  readonly arch: Architecture;
}

/**
 * What speaks against going on with a k3s that is on the board already, each as a sentence that says what to do. Empty where all is well.
 *
 * @param config - config path of its source.
 */
export function installedProblems(
  { path, unit, version, arch }: InstalledK3s,
  { there, header, version: found, unit: load }: ProgramFacts,
  config: string,
): string[] {
  if (!there)
    return [
      `${config}.installed: there is no program ${path} on the board: install k3s there, or choose another source`,
    ];
  const machine = machineOf(header);
  const problems =
    machine === arch
      ? []
      : [
          `${config}.installed: ${path} is ${machine === undefined ? "no ELF program" : `for ${machine}`}, the board is ${arch}`,
        ];
  // what does not run here says nothing of its version
  if (machine === arch && found === undefined)
    problems.push(`${config}.installed: ${path} --version does not tell a version on the board`);
  if (found !== undefined && !isVersion(found, version))
    problems.push(
      `${config}.installed: ${path} is ${found}, k3s.version says ${version}: write the version that is installed`,
    );
  if (load !== "loaded")
    problems.push(
      `${config}.installed: the board has no ${unit}.service (${load === "" ? "not-found" : load}): run k3s's install.sh there, or choose source.path to have the unit written`,
    );
  return problems;
}

/** Architecture of a program by its beginning; `undefined` for what is none. */
function machineOf(header: string): string | undefined {
  try {
    return parseElf(Buffer.from(header, "base64"))?.machine;
  } catch {
    return undefined;
  }
}
