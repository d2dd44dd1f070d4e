import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, runCommand } from "../tools/command";

/** How a board of ours is reached. */
export interface BoardAddress {
  readonly host: "127.0.0.1";
  /** TCP port of sshd on {@link host}. */
  readonly port: number;
  readonly user: "root";
  /** Path of the private key. */
  readonly identity: string;
  /** Path of a known_hosts file with the board's host key. */
  readonly knownHosts: string;
}

/** Arguments of `ssh` that reach the board, without a command. The user's own ssh configuration does not take part. */
export function sshArguments(board: BoardAddress): string[] {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${sshOptionPath(board.knownHosts)}`,
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "LogLevel=ERROR",
  ];
  return [
    "-F",
    "/dev/null",
    "-i",
    board.identity,
    "-p",
    String(board.port),
    ...options.flatMap((option) => ["-o", option]),
    `${board.user}@${board.host}`,
  ];
}

/** A path inside `-o`: ssh splits the values of known-hosts options at spaces and expands percent signs. */
function sshOptionPath(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}

/**
 * Runs a shell script on the board, as root.
 *
 * @param script - travels on standard input.
 * @param timeoutSeconds - for connecting and running together.
 * @returns what the script printed.
 * @throws when it fails or takes longer.
 */
export async function runOnBoard(
  board: BoardAddress,
  script: string,
  timeoutSeconds: number,
  purpose: string,
): Promise<string> {
  const args = ["-o", `ConnectTimeout=${Math.max(1, Math.ceil(timeoutSeconds))}`, ...sshArguments(board), "sh", "-s"];
  return (await runCommand("ssh", args, { input: script, timeoutSeconds, purpose })).stdout;
}

/**
 * Runs a script as soon as sshd answers. User networking accepts connections for a board that is not listening yet, so an open port says
 * nothing: only a login does.
 *
 * @param script - asked for the script at each attempt.
 * @param stillRunning - asked before each attempt; a reason ends the waiting.
 * @returns what the script printed.
 * @throws when the time is over, with the last reason.
 */
export async function runWhenReachable(
  board: BoardAddress,
  script: () => string,
  options: { timeoutSeconds: number; attemptSeconds: number; purpose: string; stillRunning: () => string | undefined },
): Promise<string> {
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  for (;;) {
    const stopped = options.stillRunning();
    if (stopped !== undefined) throw new Error(`${options.purpose}: ${stopped}`);
    try {
      const left = (deadline - Date.now()) / 1000;
      return await runOnBoard(board, script(), Math.max(1, Math.min(options.attemptSeconds, left)), options.purpose);
    } catch (error) {
      // 255 is ssh's own failure, none is our time limit; anything else is the script's.
      const notYet = error instanceof CommandError && (error.code === 255 || error.code === undefined);
      if (!notYet) throw error;
      if (Date.now() > deadline) {
        throw new Error(
          `${options.purpose}: no login on ${board.host}:${board.port} within ${options.timeoutSeconds} s; last: ${error.message}`,
          { cause: error },
        );
      }
      await sleep(200);
    }
  }
}

/** A known_hosts line of a board that is reached on a port of this machine. */
export function knownHostsLine(port: number, publicKey: string): string {
  return `[127.0.0.1]:${port} ${withoutComment(publicKey)}\n`;
}

/** Makes a key pair without passphrase: `path` and `path.pub`. */
export async function makeKey(path: string): Promise<void> {
  const args = ["-q", "-t", "ed25519", "-N", "", "-C", "k3s-board emulator", "-f", path];
  await runCommand("ssh-keygen", args, { timeoutSeconds: 30 });
}

/** The text of a public key file without its comment: `<type> <base64>`. */
export function withoutComment(publicKey: string): string {
  return publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** A word of a POSIX shell. */
export function quoteForShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
