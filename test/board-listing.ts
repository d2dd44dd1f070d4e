/** What a board is made of, by kind, a line a thing: taken before the first `up` and after `destroy`, the two are equal but for docs/destroy.md. */
export interface BoardListing {
  readonly files: readonly string[];
  readonly units: readonly string[];
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  readonly firewall: readonly string[];
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
] as const;

const prune = passing.map((path) => `-path ${path}`).join(" -o ");

/** Scripts that print the lines of each kind. Files: type, mode, owner, and for small ones below /etc a checksum. */
const scripts: Readonly<Record<keyof BoardListing, string>> = {
  files: `find / \\( ${prune} \\) -prune -o -printf '%y %m %U:%G %p\\n' | sort; find /etc -type f -size -64k -exec sha256sum {} + | sort`,
  units:
    "systemctl list-unit-files --no-legend --plain | awk '{print $1, $2}' | sort; systemctl list-units --all --no-legend --plain --type=service | awk '{print $1}' | sort",
  processes: "ps -eo ppid=,comm= | awk '$1 != 2 {print $2}' | sort -u",
  mounts: "awk '{print $2}' /proc/self/mounts | sort; ls /run/netns 2>/dev/null; true",
  interfaces:
    "ip -o link | awk -F': ' '{print $2}' | sort; ip -4 -o addr | awk '{print $2, $4}' | sort; ip -4 route | sort",
  // with the chains, and without counters and the tables themselves, which stay empty
  firewall:
    "for tool in iptables ip6tables; do $tool-save 2>/dev/null | grep -E '^(-A|:.* - )' | sed 's/ \\[.*//' | sort; done; nft list tables 2>/dev/null | grep -vE ' (raw|mangle|nat|filter|security)$'; true",
};

/** Lines that are left out: sessions and their units, workers that systemd's udevd starts and ends, and whoever looks. */
const transient: Partial<Record<keyof BoardListing, RegExp>> = {
  units: /^(user|session|systemd-|run-|user-runtime-dir|modprobe@|ssh@)/,
  processes: /^(sshd|ps|awk|sort|sh|bash|\(sd-pam\)|\(udev-worker\)|systemd|kthreadd|sftp)/,
  mounts: /^\/run\/user/,
};

/** Runs a script on a board and gives what it printed. */
type Run = (script: string) => Promise<string>;

/** The lines of one kind. */
export async function listKind(run: Run, kind: keyof BoardListing): Promise<string[]> {
  return (await run(scripts[kind])).split("\n").filter((line) => line !== "" && !transient[kind]?.test(line));
}

/** Takes the listing of a board. */
export async function listBoard(run: Run): Promise<BoardListing> {
  return {
    files: await listKind(run, "files"),
    units: await listKind(run, "units"),
    processes: await listKind(run, "processes"),
    mounts: await listKind(run, "mounts"),
    interfaces: await listKind(run, "interfaces"),
    firewall: await listKind(run, "firewall"),
  };
}

/** What one listing has that the other has not: `+ mounts /var/lib/kubelet tmpfs`. */
export function listingDifferences(before: BoardListing, after: BoardListing): string[] {
  return (Object.keys(scripts) as (keyof BoardListing)[]).flatMap((kind) => [
    ...missingFrom(after[kind], before[kind]).map((line) => `+ ${kind} ${line}`),
    ...missingFrom(before[kind], after[kind]).map((line) => `- ${kind} ${line}`),
  ]);
}

function missingFrom(list: readonly string[], other: readonly string[]): string[] {
  const known = new Set(other);
  return list.filter((line) => !known.has(line));
}
