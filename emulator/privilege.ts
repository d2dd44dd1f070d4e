import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "../tools/cache";
import { runCommand, type CommandOptions, type CommandResult } from "../tools/command";

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

/**
 * A directory for files that belong to root, empty at first and removed at the end. It has a fixed place per name, so that what a killed run left
 * is removed by the next one, which takes root as well.
 *
 * @param name - one at a time; hold a lock.
 */
export async function withRootDirectory<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = join(cacheDirectory("unpacking"), name);
  const remove = () => runAsRoot(["rm", "-rf", "--one-file-system", directory], { purpose: `removing ${directory}` });
  await remove();
  await mkdir(directory, { mode: 0o755 });
  let result: T;
  try {
    result = await work(directory);
  } catch (error) {
    // the reason of the failure is what has to be read; the next run removes what stays
    await remove().catch(() => undefined);
    throw error;
  }
  await remove();
  return result;
}
