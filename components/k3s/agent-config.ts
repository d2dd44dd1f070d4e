import { z } from "zod";
import { boardConfig } from "../board/config";
import { k3sSource } from "./config";
import { agentConfiguration } from "./configuration/files";
import { knownMinors, minorOf } from "./configuration/flags";
import { flagNameOf, keyProblems, keyWarnings } from "./configuration/keys";
import { agentProblems } from "./configuration/rules";

/** Flags of an agent that this program sets itself, with what is to be done instead. */
const ownedFlags: Readonly<Record<string, string>> = {
  server: "is set by this program: use k3s.agentServer",
  token: "is set by this program, from what the server has",
  "token-file": "is set by this program, from what the server has",
  "cluster-secret": "is set by this program, from what the server has",
  "node-name": "is set by this program: the agent's name in the configuration is its node's",
  "with-node-id": "would make another name of the node's than that in the configuration",
  "node-label": "applies to the first registration only: use labels",
  "node-taint": "applies to the first registration only: use taints",
  "pause-image": "is set by this program: use k3s.pauseImage",
  "private-registry": "is set by this program: use registry",
  "system-default-registry": "is set by this program: use delivery",
  config: "has no effect in a configuration file: k3s looks for it on its command line and in its environment",
};

const qualifiedName = String.raw`([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?`;
const labelValue = String.raw`([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?`;

const labels = z.record(
  z.string().regex(new RegExp(`^${qualifiedName}$`), "expected the key of a label, such as example.org/disk"),
  z
    .string()
    .regex(new RegExp(`^${labelValue}$`), "expected the value of a label: letters, digits, dashes, dots, underscores"),
);

const taint = z
  .string()
  .regex(
    new RegExp(`^${qualifiedName}(=${labelValue})?:(NoSchedule|PreferNoSchedule|NoExecute)$`),
    "expected key=value:effect or key:effect, where the effect is NoSchedule, PreferNoSchedule or NoExecute",
  );

/** One agent: a board of its own, and what its node is like. */
export const agentConfig = z.strictObject({
  ...boardConfig.shape,
  source: k3sSource
    .optional()
    .describe("Where its k3s binary comes from. Defaults to `k3s.source`, which is for the architecture of `board`."),
  labels: labels
    .default({})
    .describe("Labels of the node. They are set through the API, at any time; labels of others stay."),
  taints: z
    .array(taint)
    .default([])
    .describe(
      "Taints of the node, each `key=value:effect` or `key:effect`. They are set through the API once the node has registered; taints of " +
        "others stay.",
    ),
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "Further keys of the agent's k3s config file, such as `node-ip`, checked against the flags of `k3s.version`.",
    ),
  drainTimeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(300)
    .describe(
      "Seconds for the pods to leave when the agent is taken out of the configuration. PodDisruptionBudgets are heeded for so long; then the " +
        "node goes with what is left on it.",
    ),
});

/** The `agents` section: boards that join the server's cluster, by the names of their nodes. */
export const agentsConfig = z.record(
  z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      "expected lower-case letters, digits and dashes: it becomes the node's name",
    ),
  agentConfig,
);

/** {@link agentConfig} with defaults filled in. */
export type AgentConfig = z.output<typeof agentConfig>;

/** {@link agentsConfig} with defaults filled in. */
export type AgentsConfig = z.output<typeof agentsConfig>;

/** One thing wrong with an agent's k3s configuration. */
interface AgentProblem {
  /** Config path. */
  readonly path: string;
  readonly reason: string;
}

const settings = z.record(z.string(), z.unknown());
const lenient = z.record(z.string(), z.object({ config: settings.catch({}) }).catch({ config: {} })).catch({});

/**
 * What is wrong with the keys of each agent's `config`, whatever else is wrong with the section: all problems are told at once.
 *
 * @param agents - the section as it was given.
 * @param version - of k3s, as it was given.
 */
export function agentKeyProblems(agents: unknown, version: unknown): AgentProblem[] {
  const known = typeof version === "string" ? version : "";
  const minor = minorOf(known) ?? knownMinors.newest;
  return Object.entries(lenient.parse(agents ?? {})).flatMap(([name, { config }]) => {
    const ours = Object.keys(config).flatMap((key) => {
      const reason = ownedFlags[flagNameOf(key)];
      return reason === undefined ? [] : [{ key, reason }];
    });
    const others = Object.entries(config).filter(([key]) => !(flagNameOf(key) in ownedFlags));
    const theirs = keyProblems(Object.fromEntries(others), { minor, role: "agent" });
    const bad = new Set(theirs.map(({ key }) => key));
    const good = Object.fromEntries(others.filter(([key]) => !bad.has(key)));
    const rules = agentProblems(agentConfiguration({ version: known, config: good }), minor);
    return [...ours, ...theirs, ...rules].map(({ key, reason }) => ({ path: `agents.${name}.config.${key}`, reason }));
  });
}

/** What k3s of this version takes of an agent and wants to be written in another way, a sentence with its path for each. */
export function agentConfigWarnings(agents: AgentsConfig, version: string): string[] {
  const check = { minor: minorOf(version) ?? knownMinors.newest, role: "agent" } as const;
  return Object.entries(agents).flatMap(([name, { config }]) =>
    keyWarnings(config, check).map(({ key, reason }) => `agents.${name}.config.${key}: ${reason}`),
  );
}
