import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findCommand, runCommand } from "./command";
import type { FileNeed } from "./host-packages";

/** Where Debian packages come from, and how apt on this machine is told to get them. */
export interface AptSource {
  /** Base address of a Debian archive. */
  readonly archive: string;
  /** Lines of an apt.conf: this machine's proxy and date settings. May hold a proxy password. */
  readonly options: string;
}

/** The keys that Debian's archive is signed with. */
export const debianKeyring: FileNeed = {
  file: "/usr/share/keyrings/debian-archive-keyring.gpg",
  debianPackage: "debian-archive-keyring",
  why: "verifies Debian's packages",
};

/** Environment variable with the address of a Debian archive, for machines whose own apt has none. */
const archiveVariable = "K3S_BOARD_DEBIAN_ARCHIVE";

/** Settings of this machine's apt that another apt needs as well to reach the same archive through the same network. */
const inheritedOptions =
  /^Acquire::(?:(?:https?|ftp)::(?:Proxy|CaInfo|Verify-|Timeout)|Check-Valid-Until|Check-Date|Retries|ForceIPv)/i;

/**
 * The Debian archive that the environment names, else the one that this machine itself uses. A mirror that is near, or the only one reachable,
 * is thereby found without being named anywhere.
 *
 * @throws where there is neither (an Ubuntu), with what to set.
 */
export async function findAptSource(): Promise<AptSource> {
  const dump = findCommand("apt-config")
    ? (await runCommand("apt-config", ["dump"], { timeoutSeconds: 30 })).stdout
    : "";
  const options = dump
    .split("\n")
    .filter((line) => inheritedOptions.test(line) && !/ "";$/.test(line))
    .join("\n");
  const archive = process.env[archiveVariable] ?? archiveOf(readSources());
  if (archive === undefined) {
    throw new Error(
      `this machine's apt names no Debian archive that packages could be taken from: set ${archiveVariable} to the address of one ` +
        "(the list of Debian's mirrors has one near you)",
    );
  }
  return { archive, options: options && `${options}\n` };
}

/**
 * The archive with Debian's main component among the sources of an apt, in one-line and deb822 form; `undefined` when there is none (an Ubuntu,
 * or only third parties). Security and snapshot archives are passed over: they lack the suite or the architectures.
 */
export function archiveOf(sources: readonly string[]): string | undefined {
  const found: string[] = [];
  for (const text of sources) {
    const lines = text.split("\n").filter((line) => !line.trimStart().startsWith("#"));
    for (const line of lines) {
      const match = /^deb(?:\s+\[[^\]]*\])?\s+(\S+)\s+\S+\s+(.*)$/.exec(line.trim());
      if (match?.[1] && /\bmain\b/.test(match[2] ?? "")) found.push(match[1]);
    }
    for (const stanza of lines.join("\n").split(/\n\s*\n/)) {
      const field = (name: string) => new RegExp(`^${name}:(.*(?:\n[ \t].*)*)`, "mi").exec(stanza)?.[1]?.trim() ?? "";
      if (!/\bdeb\b/.test(field("Types")) || !/\bmain\b/.test(field("Components")) || field("Enabled") === "no")
        continue;
      found.push(...field("URIs").split(/\s+/));
    }
  }
  return found.map((address) => address.replace(/\/+$/, "")).find((address) => /^https?:.*\/debian$/.test(address));
}

function readSources(): string[] {
  const directory = "/etc/apt/sources.list.d";
  const listed = (() => {
    try {
      return readdirSync(directory)
        .filter((name) => /\.(?:list|sources)$/.test(name))
        .sort();
    } catch {
      return [];
    }
  })();
  return ["/etc/apt/sources.list", ...listed.map((name) => join(directory, name))].flatMap((path) => {
    try {
      return [readFileSync(path, "utf8")];
    } catch {
      return [];
    }
  });
}
