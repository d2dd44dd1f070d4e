import { runOnBoard } from "../../emulator/ssh";
import type { EmulatedBoard } from "../../emulator/board";

/** Runs a command on the board over a connection of its own, as a person would who looks. Throws where it fails. */
export async function onBoard(board: EmulatedBoard, script: string): Promise<string> {
  return (await runOnBoard(board, script, 120, "looking at the board")).trim();
}

/** Paths whose coming and going is nobody's doing: journals, caches of the package manager and of systemd, what the kernel makes up. */
const passing = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/var/log/journal",
  "/var/lib/systemd",
  "/var/cache",
  "/root/.cache",
];

/** Every file of the board outside {@link passing}, with type, mode, owner and, for small ones below /etc, a checksum. */
export async function fileListing(board: EmulatedBoard): Promise<string[]> {
  const prune = passing.map((path) => `-path ${path}`).join(" -o ");
  const listing = await onBoard(
    board,
    `find / \\( ${prune} \\) -prune -o -printf '%y %m %U:%G %p\\n' | sort; find /etc -type f -size -64k -exec sha256sum {} + | sort`,
  );
  return listing.split("\n");
}

/** Units that are enabled or loaded, without the transient ones of sessions and mounts. */
export async function unitListing(board: EmulatedBoard): Promise<string[]> {
  const listing = await onBoard(
    board,
    "systemctl list-unit-files --no-legend --plain | awk '{print $1, $2}' | sort; systemctl list-units --all --no-legend --plain --type=service | awk '{print $1}' | sort",
  );
  return listing
    .split("\n")
    .filter((line) => !/^(user|session|systemd-|run-|user-runtime-dir|modprobe@|ssh@)/.test(line));
}

/** Names of the processes that run, without kernel threads and what looks. */
export async function processListing(board: EmulatedBoard): Promise<string[]> {
  const listing = await onBoard(board, "ps -eo ppid=,comm= | awk '$1 != 2 {print $2}' | sort -u");
  return listing
    .split("\n")
    .filter((name) => !/^(sshd|ps|awk|sort|sh|bash|\(sd-pam\)|systemd|kthreadd|sftp)/.test(name));
}

/** Mounts, network devices and firewall rules. */
export async function networkListing(board: EmulatedBoard): Promise<string[]> {
  const listing = await onBoard(
    board,
    "awk '{print $2}' /proc/self/mounts | sort; ip -o link | awk -F': ' '{print $2}' | sort; iptables-save 2>/dev/null | grep '^-A' | sort; true",
  );
  return listing.split("\n").filter((line) => !line.startsWith("/run/user"));
}

/** What a list has that another has not. */
export function missingFrom(list: readonly string[], other: readonly string[]): string[] {
  const known = new Set(other);
  return list.filter((line) => !known.has(line));
}
