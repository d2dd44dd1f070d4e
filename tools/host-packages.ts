import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "./cache";
import { CommandError, findCommand, runCommand } from "./command";
import type { Progress } from "./progress";

/** A program that must be on this machine. */
export interface CommandNeed {
  readonly command: string;
  /** The Debian package that has it; several are separated by spaces. */
  readonly debianPackage: string;
  /** What it is needed for: "boots the emulated board". */
  readonly why: string;
}

/** A Debian package that brings no command to look for (headers, firmware), known by a file of it. */
export interface FileNeed {
  readonly file: string;
  readonly debianPackage: string;
  readonly why: string;
}

/** How packages get onto this machine. */
type Installer = { readonly kind: "apt"; readonly sudo: boolean } | { readonly kind: "none"; readonly reason: string };

const aptWaitSeconds = 300;

/**
 * Makes sure that programs are installed. On Debian and Ubuntu what is missing is installed with apt-get, as root or through a sudo that asks
 * for no password, and the progress says what; elsewhere nothing is touched.
 *
 * @returns the path of each command.
 * @throws one error that lists everything missing, what it is for and how to get it.
 */
export async function ensureCommands(
  needs: readonly CommandNeed[],
  progress: Progress,
): Promise<ReadonlyMap<string, string>> {
  await ensure(
    needs,
    (need) => findCommand(need.command) !== undefined,
    (need) => need.command,
    progress,
  );
  return new Map(needs.map((need) => [need.command, findCommand(need.command) ?? need.command]));
}

/** Like {@link ensureCommands}, for packages that are known by a file. */
export async function ensureFiles(needs: readonly FileNeed[], progress: Progress): Promise<void> {
  await ensure(
    needs,
    (need) => existsSync(need.file),
    (need) => need.file,
    progress,
  );
}

interface Need {
  readonly debianPackage: string;
  readonly why: string;
}

async function ensure<N extends Need>(
  needs: readonly N[],
  satisfied: (need: N) => boolean,
  nameOf: (need: N) => string,
  progress: Progress,
): Promise<void> {
  const missing = () => needs.filter((need) => !satisfied(need));
  if (missing().length === 0) return;
  const installer = await findInstaller();
  if (installer.kind === "none") throw new Error(describeMissing(missing(), nameOf, installer.reason));
  await withLock("apt", async () => {
    const packages = [...new Set(missing().flatMap((need) => need.debianPackage.split(" ")))];
    if (packages.length > 0) await install(packages, installer.sudo, progress);
  });
  if (missing().length > 0) {
    throw new Error(
      describeMissing(missing(), nameOf, "apt-get installed the packages, but these are still not found"),
    );
  }
}

/** Why nothing can be installed on this machine; `undefined` where it can. */
export async function installHindrance(): Promise<string | undefined> {
  const installer = await findInstaller();
  return installer.kind === "none" ? installer.reason : undefined;
}

/** The error for what is missing; pure, so that its text is tested. */
export function describeMissing<N extends Need>(
  missing: readonly N[],
  nameOf: (need: N) => string,
  reason: string,
): string {
  const lines = missing.map(
    (need) => `  ${nameOf(need)}: ${need.why} (Debian and Ubuntu: apt-get install ${need.debianPackage})`,
  );
  return [`this machine lacks programs, and they are not installed here: ${reason}`, ...lines].join("\n");
}

async function findInstaller(): Promise<Installer> {
  if (!isDebianLike(readIfThere("/etc/os-release"))) {
    return {
      kind: "none",
      reason: "only Debian and Ubuntu are set up automatically; install them with your package manager",
    };
  }
  if (userInfo().uid === 0) return { kind: "apt", sudo: false };
  try {
    await runCommand("sudo", ["-n", "true"], { timeoutSeconds: 10 });
    return { kind: "apt", sudo: true };
  } catch {
    return {
      kind: "none",
      reason: "that needs root, and sudo asks for a password; install them, or run this once as root",
    };
  }
}

/** Whether an os-release text is of Debian or of a distribution built on it. */
export function isDebianLike(osRelease: string): boolean {
  const values = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap((match) =>
    (match[1] ?? "").replace(/["']/g, "").split(/\s+/),
  );
  return values.includes("debian") || values.includes("ubuntu");
}

async function install(packages: readonly string[], sudo: boolean, progress: Progress): Promise<void> {
  await progress.step(`installing Debian packages: ${packages.join(" ")}`, async (note) => {
    note("reading package lists");
    const updated = await apt(["update"], sudo, note).catch((error: unknown) => error as Error);
    note("downloading");
    try {
      await apt(["install", "-y", "--no-install-recommends", ...packages], sudo, note);
    } catch (error) {
      const hint = updated instanceof Error ? `\n(before that, apt-get update failed too: ${updated.message})` : "";
      throw new Error(`${(error as Error).message}${hint}`, { cause: error });
    }
  });
}

/** apt-get, waiting for another one to finish: apt itself waits only for the dpkg lock, not for that of the package lists. */
async function apt(args: readonly string[], sudo: boolean, note: (text: string) => void): Promise<void> {
  const command = ["apt-get", "-q", "-o", `DPkg::Lock::Timeout=${aptWaitSeconds}`, ...args];
  const full = [...(sudo ? ["sudo", "-n"] : []), "env", "DEBIAN_FRONTEND=noninteractive", ...command];
  const deadline = Date.now() + aptWaitSeconds * 1000;
  for (;;) {
    try {
      await runCommand(full[0] ?? "apt-get", full.slice(1), {
        timeoutSeconds: 1800,
        purpose: `apt-get ${args[0] ?? ""}`,
        onLine: (line) => note(line.slice(0, 100)),
      });
      return;
    } catch (error) {
      const locked =
        error instanceof CommandError && /Could not get lock|is another process using it/.test(error.stderr);
      if (!locked || Date.now() > deadline) throw error;
      note("waiting for another apt to finish");
      await sleep(3000);
    }
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
