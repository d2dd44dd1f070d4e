import type { AgentConfig } from "./agent-config";
import { disabledComponents, type K3sConfig } from "./config";
import { agentConfigFile, k3sConfigFile, k3sPaths, k3sSecretsFile } from "./configuration/files";
import { argumentOccurrences, type ConfigFile, fileOccurrences } from "./configuration/sources";

/** What a stack gives k3s, as far as it is known before its images are. */
export interface WrittenConfiguration {
  readonly ours: readonly ConfigFile[];
  /** Flags of the drop-in's command; the values of those that hang on images are not known yet. */
  readonly args: readonly string[];
}

const notKnownYet = "(not known yet)";

/**
 * Files and flags of the first server.
 *
 * @param own - keys that the program sets besides. Defaults to none.
 */
export function writtenForServer(
  config: K3sConfig,
  kubeconfigServer: string,
  own: Readonly<Record<string, string | boolean>> = {},
): WrittenConfiguration {
  const disabled = disabledComponents(config);
  const secrets = k3sSecretsFile(config);
  return {
    ours: [
      { path: k3sPaths.config, text: k3sConfigFile(config, kubeconfigServer, own) },
      ...(secrets === undefined ? [] : [{ path: k3sPaths.secrets, text: secrets }]),
    ],
    args: [...(disabled.length === 0 ? [] : [`--disable=${disabled.join(",")}`]), `--pause-image=${notKnownYet}`],
  };
}

/**
 * Files and flags of a further server.
 *
 * @param config - the `k3s` section, with the keys of this server.
 * @param node - name of its node.
 * @param delivered - keys that its images' delivery needs. Defaults to none.
 */
export function writtenForJoinedServer(
  config: K3sConfig,
  node: string,
  kubeconfigServer: string,
  delivered: Readonly<Record<string, string>> = {},
): WrittenConfiguration {
  const own = { ...delivered, "node-name": node, server: notKnownYet, "token-file": k3sPaths.serverToken };
  // its token is in that file
  return writtenForServer({ ...config, token: undefined }, kubeconfigServer, own);
}

/** Files and flags of an agent. */
export function writtenForAgent(config: AgentConfig, node: string): WrittenConfiguration {
  const own = { "node-name": node, server: notKnownYet, "token-file": k3sPaths.agentToken };
  return {
    ours: [{ path: k3sPaths.config, text: agentConfigFile(config, own) }],
    args: [`--pause-image=${notKnownYet}`],
  };
}

/** What k3s is started with by that, from files and command line: names of flags. */
export function writtenFlags({ ours, args }: WrittenConfiguration): string[] {
  return [...ours.flatMap(fileOccurrences), ...argumentOccurrences(args, () => false)].map(({ name }) => name);
}
