import { type ConfiguredNode, ownHelpProblems } from "../components/k3s/own-help";
import type { Architecture } from "../components/board/architecture";
import { ConfigError } from "./config";
import type { PreparedMember } from "./prepared";

/** What of a node that joins its k3s is asked about. */
interface MemberKeys {
  readonly arch: Architecture;
  readonly version?: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The nodes of a section with the keys that each has of its own.
 *
 * @param version - of the cluster's k3s; a node may have one of its own.
 */
export function configuredMembers(
  section: "servers" | "agents",
  members: readonly PreparedMember<MemberKeys>[],
  version: string,
): ConfiguredNode[] {
  return members.map(({ name, config, node }) => ({
    binary: node.binary,
    arch: config.arch,
    role: section === "servers" ? "server" : "agent",
    version: config.version ?? version,
    config: config.config,
    section: `${section}.${name}.config`,
  }));
}

/**
 * Asks each k3s that is newer than the table of flags about the keys that only it can know, where it lies on this machine and can be run here.
 *
 * @throws ConfigError with all keys that one of them does not know.
 */
export async function requireOwnFlags(nodes: readonly ConfiguredNode[]): Promise<void> {
  const problems = await ownHelpProblems(nodes);
  if (problems.length > 0) throw new ConfigError(problems);
}
