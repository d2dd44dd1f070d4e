import type { z } from "zod";
import { agentKeyProblems } from "../components/k3s/agent-config";
import { k3sConfig } from "../components/k3s/config";
import { joinConfig } from "../components/k3s/join-config";
import { isOnLoopback, type RegistryConfig, registryFor } from "../components/registry/config";
import { isObject } from "../provider/secrets";
import {
  ConfigError,
  type ConfigProblem,
  givenValues,
  parseStackConfig,
  problemsOf,
  stackConfigSchema,
} from "./config";
import { membersProblems } from "./members-problems";

/** What a stack has whose agents join the cluster of another one. */
export const joinStackSchema = stackConfigSchema
  .pick({ k3s: true, agents: true, registry: true, registries: true, delivery: true, images: true, audit: true })
  .extend({ join: joinConfig, k3s: k3sConfig });

/** {@link joinStackSchema} with defaults filled in. */
export interface JoinStackConfig extends Omit<z.output<typeof joinStackSchema>, "registry"> {
  /** The private registry, where there is to be one. */
  readonly registry: RegistryConfig | undefined;
}

/** Keys of `k3s` that say something of a server. */
const serverKeys = [
  "token",
  "allowTokenRotation",
  "agentServer",
  "kubeconfigServer",
  "skip",
  "coredns",
  "backup",
  "drainTimeoutSeconds",
] as const;

/** Whether a stack has no server of its own, by its configuration as Pulumi hands it out. */
export function isJoinStack(values: Readonly<Record<string, unknown>>): boolean {
  return givenValues(values).join !== undefined;
}

/**
 * Parses the configuration of a stack whose agents join the cluster of another one.
 *
 * @throws ConfigError with every problem and its path. Nothing has been contacted by then.
 */
export function parseJoinStackConfig(values: Readonly<Record<string, unknown>>): JoinStackConfig {
  const given = withoutDefaults(givenValues(values));
  const parsed = joinStackSchema.safeParse(given);
  const k3s = isObject(given.k3s) ? given.k3s : {};
  const ofKeys: ConfigProblem[] = [...ofServer(given, k3s), ...agentKeyProblems(given.agents, k3s.version)];
  const known = (problem: ConfigProblem) => !ofKeys.some(({ path }) => path === problem.path);
  if (!parsed.success) throw new ConfigError([...problemsOf(parsed.error.issues).filter(known), ...ofKeys]);
  const config = parsed.data;
  const registry = registryFor(config.registry, config.delivery);
  const problems = [
    ...ofKeys,
    ...(Object.keys(config.agents).length === 0
      ? [{ path: "agents", reason: "is empty: a stack with join is its agents" }]
      : []),
    ...membersProblems({ ...config, servers: {}, registry }),
    ...elsewhere(registry, config),
    ...withoutApi(config),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...config, registry };
}

/** Pulumi.yaml gives every key a default, and an empty one is nothing that was said. */
function withoutDefaults(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => !isObject(value) || Object.keys(value).length > 0),
  );
}

function ofServer(given: Readonly<Record<string, unknown>>, k3s: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const sections = Object.keys(given).filter((key) => !(key in joinStackSchema.shape));
  const keys = serverKeys.filter((key) => k3s[key] !== undefined).map((key) => `k3s.${key}`);
  const config = isObject(k3s.config) && Object.keys(k3s.config).length > 0 ? ["k3s.config"] : [];
  return [
    ...[...sections, ...keys].map((path) => ({
      path,
      reason: "is the server's: this stack has none, its agents join that of another (join)",
    })),
    ...config.map((path) => ({ path, reason: "is the server's: what an agent is told is in agents.<name>.config" })),
  ];
}

/** A registry that is neither on each agent's board nor without images of ours. */
function elsewhere(
  registry: RegistryConfig | undefined,
  { delivery }: Pick<JoinStackConfig, "delivery">,
): ConfigProblem[] {
  if (registry === undefined || isOnLoopback(registry)) return [];
  const instead = "leave it on loopback, where each agent has one of its own";
  if (registry.kind === "board")
    return [{ path: "registry.listen", reason: `would be an address of the server's board: ${instead}` }];
  // two stacks would have different images under one name, and the first to go would take them from the other
  const shared = "would be filled by this stack and that of the server";
  return delivery === "airgap"
    ? []
    : [{ path: "registry", reason: `${shared}: ${instead}, or choose delivery: airgap` }];
}

/** What nobody can do without a kubeconfig. */
function withoutApi({ join, agents, k3s }: Pick<JoinStackConfig, "join" | "agents" | "k3s">): ConfigProblem[] {
  if ("stack" in join || join.kubeconfig !== undefined) return [];
  const ofDrain = k3s.drain ? [{ path: "k3s.drain", reason: "needs join.kubeconfig" }] : [];
  const ofMarks = Object.entries(agents).flatMap(([name, { labels, taints }]) => [
    ...(Object.keys(labels).length > 0 ? [{ path: `agents.${name}.labels`, reason: "need join.kubeconfig" }] : []),
    ...(taints.length > 0 ? [{ path: `agents.${name}.taints`, reason: "need join.kubeconfig" }] : []),
  ]);
  return [...ofDrain, ...ofMarks];
}

/** Checks the configuration of a stack of any kind. @throws ConfigError. */
export function checkConfig(values: Readonly<Record<string, unknown>>): void {
  if (isJoinStack(values)) parseJoinStackConfig(values);
  else parseStackConfig(values);
}
