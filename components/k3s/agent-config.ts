import { z } from "zod";
import { boardConfig } from "../board/config";
import { k3sSource, k3sVersion } from "./config";
import { agentConfiguration } from "./configuration/files";
import { agentProblems } from "./configuration/rules";
import {
  memberKeyProblems,
  memberKeyWarnings,
  memberName,
  memberOwnedFlags,
  type MemberProblem,
  memberShape,
} from "./member-config";

/** One agent: a board of its own, and what its node is like. */
export const agentConfig = z.strictObject({
  ...boardConfig.shape,
  version: k3sVersion
    .optional()
    .describe(
      "The k3s version of this agent, with a `source` of its own. Not newer than the server's, and at most three minor versions older. " +
        "Defaults to `k3s.version`.",
    ),
  source: k3sSource
    .optional()
    .describe("Where its k3s binary comes from. Defaults to `k3s.source`, which is for the architecture of `board`."),
  ...memberShape,
  nodeAddress: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Address of the node in a cluster of kubeadm; with k3s it is `config.node-ip`. Defaults to the one that the board uses towards its default route.",
    ),
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Further keys of the agent's k3s config file, such as `node-ip`, checked against the flags of its k3s."),
});

/** The `agents` section: boards that join the server's cluster, by the names of their nodes. */
export const agentsConfig = z.record(memberName, agentConfig);

/** {@link agentConfig} with defaults filled in. */
export type AgentConfig = z.output<typeof agentConfig>;

/** {@link agentsConfig} with defaults filled in. */
export type AgentsConfig = z.output<typeof agentsConfig>;

/**
 * What is wrong with the keys of each agent's `config`, whatever else is wrong with the section.
 *
 * @param agents - the section as it was given.
 * @param version - of the cluster's k3s, as it was given.
 */
export function agentKeyProblems(agents: unknown, version: unknown): MemberProblem[] {
  return memberKeyProblems("agents", agents, version, {
    role: "agent",
    owned: memberOwnedFlags,
    rules: (config, known, minor) => agentProblems(agentConfiguration({ version: known, config }), minor),
  });
}

/** What to say of the agents' keys that is no problem, as {@link memberKeyWarnings}. */
export function agentConfigWarnings(agents: AgentsConfig, version: string): string[] {
  return memberKeyWarnings("agents", agents, version, "agent");
}
