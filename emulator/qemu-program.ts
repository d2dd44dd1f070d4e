import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../tools/command";
import { fetchDebianPackage } from "../tools/debian-package";
import { hostArchitecture } from "../tools/host-architecture";
import type { Progress } from "../tools/progress";
import { isAtLeast } from "../tools/versions";
import type { BoardType } from "./architectures";

/**
 * From here on QEMU needs a third less time for a riscv64 board: measured with Debian's 7.2 and 10.0, boot 119 s and 76 s, ten `systemctl show`
 * 8.3 s and 4.5 s.
 */
const quickVersion = "9.0";

/** By type: each is looked for once a process. */
const found = new Map<BoardType, Promise<string>>();

/**
 * The QEMU that plays the boards of a type. An old one of Debian is not used where Debian's backports have a newer one: that is fetched into
 * the cache, and nothing of it is installed. Where it cannot be had or does not run here, the installed one plays the boards, slower.
 *
 * @returns its path, or the command's name for the installed one, which has to be there.
 */
export function qemuProgram(type: BoardType, progress: Progress): Promise<string> {
  const program = found.get(type) ?? find(type, progress);
  found.set(type, program);
  return program;
}

async function find(type: BoardType, progress: Progress): Promise<string> {
  const suite = backportsSuite(readIfThere("/etc/os-release"));
  const newer = type.backportsPackage;
  if (newer === undefined || suite === undefined || isAtLeast(await qemuVersion(type.qemu), quickVersion))
    return type.qemu;
  try {
    const { directory } = await fetchDebianPackage({ package: newer, suite }, hostArchitecture(), progress);
    const program = join(directory, "usr/bin", type.qemu);
    // fails where a library is missing or too old
    return isAtLeast(await qemuVersion(program), quickVersion) ? program : type.qemu;
  } catch {
    // the step of fetching it has been shown as failed; with the installed one everything works, slower
    return type.qemu;
  }
}

/** What a QEMU says of its version: a saved state fits only the one that wrote it. */
export async function qemuVersion(program: string): Promise<string> {
  return (await runCommand(program, ["--version"], { timeoutSeconds: 30 })).stdout.split("\n")[0] ?? "";
}

/** Name of the backports of a Debian release; `undefined` for any other system, and for a Debian that is no release. */
export function backportsSuite(osRelease: string): string | undefined {
  const value = (name: string) => new RegExp(`^${name}="?([a-z0-9.]+)"?$`, "m").exec(osRelease)?.[1];
  const codename = value("VERSION_CODENAME");
  return value("ID") === "debian" && value("VERSION_ID") !== undefined && codename !== undefined
    ? `${codename}-backports`
    : undefined;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
