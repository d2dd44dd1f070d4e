import { userInfo } from "node:os";
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
