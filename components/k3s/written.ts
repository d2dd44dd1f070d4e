import type { AgentConfig } from "./agent-config";
import { disabledComponents, type K3sConfig } from "./config";
import { agentConfigFile, k3sConfigFile, k3sPaths, k3sSecretsFile } from "./configuration/files";
import type { ConfigFile } from "./configuration/sources";

/** What a stack gives k3s, as far as it is known before its images are. */
export interface WrittenConfiguration {
  readonly ours: readonly ConfigFile[];
  /** Flags of the drop-in's command; the values of those that hang on images are not known yet. */
  readonly args: readonly string[];
}

const notKnownYet = "(not known yet)";

/** Files and flags of a server. */
export function writtenForServer(config: K3sConfig, kubeconfigServer: string): WrittenConfiguration {
  const disabled = disabledComponents(config);
  const secrets = k3sSecretsFile(config);
  return {
    ours: [
      { path: k3sPaths.config, text: k3sConfigFile(config, kubeconfigServer) },
      ...(secrets === undefined ? [] : [{ path: k3sPaths.secrets, text: secrets }]),
    ],
    args: [...(disabled.length === 0 ? [] : [`--disable=${disabled.join(",")}`]), `--pause-image=${notKnownYet}`],
  };
}

/** Files and flags of an agent. */
export function writtenForAgent(config: AgentConfig, node: string): WrittenConfiguration {
  const own = { "node-name": node, server: notKnownYet, "token-file": k3sPaths.agentToken };
  return {
    ours: [{ path: k3sPaths.config, text: agentConfigFile(config, own) }],
    args: [`--pause-image=${notKnownYet}`],
  };
}
