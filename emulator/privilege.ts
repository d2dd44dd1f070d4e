import { mkdir, readdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { cacheDirectory, lockDirectory, withLock } from "../tools/cache";
import { runCommand, type CommandOptions, type CommandResult } from "../tools/command";
import { tryLock } from "../tools/lock";

/** A command line that runs as root: itself where we are root, through `sudo -n` elsewhere. */
export function asRoot(command: readonly string[]): [string, ...string[]] {
  const [program = "true", ...args] = command;
  return userInfo().uid === 0 ? [program, ...args] : ["sudo", "-n", program, ...args];
}

/**
 * Runs a command as root. Making a root file system with its owners and modes, and systemd-nspawn, need it; QEMU does not and never gets it.
 *
 * @throws what {@link runCommand} throws; without root, and with a sudo that asks for a password, that is sudo's own message.
 */
export async function runAsRoot(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = asRoot(command);
  return runCommand(program, args, options);
}

/** The lock that guards one directory of {@link withRootDirectory}. */
const unpackingLock = (name: string) => `unpacking-${name}`;

const remove = (directory: string) =>
  runAsRoot(["rm", "-rf", "--one-file-system", directory], { purpose: `removing ${directory}` });

/** Removes what killed runs left under other names: nobody may come who wants these again. What cannot be removed stays. */
async function removeLeft(parent: string, own: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name === own) continue;
    const release = tryLock(lockDirectory(unpackingLock(name)));
    if (typeof release !== "function") continue;
    await remove(join(parent, name)).catch(() => undefined);
    release();
  }
}

/**
 * A directory for files that belong to root, empty at first and removed at the end. What killed runs left, under this name and others, is removed
 * by the next run, which takes root as well.
 *
 * @param name - one at a time.
 */
export async function withRootDirectory<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const parent = cacheDirectory("unpacking");
  const directory = join(parent, name);
  return withLock(unpackingLock(name), async () => {
    await removeLeft(parent, name);
    await remove(directory);
    await mkdir(directory, { mode: 0o755 });
    let result: T;
    try {
      result = await work(directory);
    } catch (error) {
      // the reason of the failure is what has to be read; the next run removes what stays
      await remove(directory).catch(() => undefined);
      throw error;
    }
    await remove(directory);
    return result;
  });
}
