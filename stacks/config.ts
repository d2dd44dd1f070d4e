import { z } from "zod";
import { boardConfig } from "../components/board/config";
import { hooksConfig } from "../components/hooks/config";
import { auditConfig } from "../components/images/audit/allow";
import { deliveryConfig } from "../components/images/delivery/ways";
import { imagesConfig } from "../components/images/config";
import { systemImages, unknownNames } from "../components/images/system-images";
import { agentKeyProblems, agentsConfig } from "../components/k3s/agent-config";
import { isOnBoard, k3sConfig, type K3sConfig } from "../components/k3s/config";
import { joinConfig } from "../components/k3s/join-config";
import { serverKeyProblems, serversConfig } from "../components/k3s/servers-config";
import { kubeadmConfig, type KubeadmConfig } from "../components/kubeadm/config";
import { manifestsConfig } from "../components/manifests/config";
import { type RegistryConfig, registryConfig, registryFor } from "../components/registry/config";
import { registriesConfig } from "../components/registry/upstreams";
import { workloadsConfig } from "../components/workloads/config";
import { isObject } from "../provider/secrets";
import { kubeadmProblems } from "./kubeadm-problems";
import { membersProblems } from "./members-problems";

/** One thing wrong with the stack's configuration. */
export interface ConfigProblem {
  /** Config path, such as `k3s.config.kubelet-args`. */
  readonly path: string;
  readonly reason: string;
}

/** All that is wrong with a stack's configuration, in one error. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ path, reason }) => `  ${path}: ${reason}`);
    super(
      `${problems.length === 1 ? "one problem" : `${problems.length} problems`} in the stack's configuration:\n${lines.join("\n")}`,
    );
  }
}

/** The configuration of a stack, by Pulumi config key. One schema gives types, validation, defaults and the reference page. */
export const stackConfigSchema = z.strictObject({
  board: boardConfig.describe("The board: where it is, how to log in, what it is."),
  registry: registryConfig.default({ kind: "auto" }).describe("The private registry the board pulls from."),
  registries: registriesConfig
    .default({})
    .describe("How the registries that images come from are asked, where that is not the usual way."),
  delivery: deliveryConfig.default("mirror"),
  k3s: k3sConfig
    .optional()
    .meta({ default: {} })
    .describe("k3s on the board. A stack has this or `kubeadm`; an empty section is none."),
  kubeadm: kubeadmConfig
    .optional()
    .meta({ default: {} })
    .describe(
      "A cluster made by kubeadm on the board, in place of k3s (docs/kubeadm.md). A stack has this or `k3s`; an empty section is none.",
    ),
  servers: serversConfig
    .default({})
    .describe(
      "Further boards that are servers of the same cluster, by the names of their nodes. `board` is the first server, and all have an embedded etcd.",
    ),
  join: joinConfig
    .optional()
    .describe(
      "The cluster that the agents of this stack join, where its server is not in this stack: then there is no `board`, and `k3s` is what agents need of it.",
    ),
  agents: agentsConfig
    .default({})
    .describe(
      "Boards that join the cluster of `board` by the names of their nodes: agents of k3s, or workers of kubeadm, which have no `version`, `source` and `config`.",
    ),
  images: imagesConfig
    .default({})
    .describe(
      "How the board gets its images, by the name the cluster asks for. What k3s asks for by itself is added, and what it needs decided.",
    ),
  audit: auditConfig.prefault({}).describe("What the audit of images lets pass."),
  manifests: manifestsConfig.describe("The user's manifests."),
  workloads: workloadsConfig.describe(
    "What Pulumi deploys into the finished cluster, object by object, through `@pulumi/kubernetes` and its plugin (docs/own.md).",
  ),
  hooks: hooksConfig.describe(
    "The user's own commands on the board before or after a stage, through `@pulumi/command` and its plugin (docs/own.md).",
  ),
});

type Sections = z.output<typeof stackConfigSchema>;

/** What all stacks have, with defaults filled in. */
interface CommonConfig extends Omit<Sections, "registry" | "k3s" | "kubeadm"> {
  /** The private registry, where there is to be one. */
  readonly registry: RegistryConfig | undefined;
}

/** {@link stackConfigSchema} of a stack with k3s. */
export interface StackConfig extends CommonConfig {
  readonly k3s: K3sConfig;
}

/** {@link stackConfigSchema} of a stack with kubeadm. */
export interface KubeadmStackConfig extends CommonConfig {
  readonly kubeadm: KubeadmConfig;
}

/** The Pulumi config keys of a stack. */
export const configKeys = Object.keys(stackConfigSchema.shape);

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

/** Flattens zod's issues: of a union, the branch that came closest; of unknown keys, one problem a key. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): ConfigProblem[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: pathText([...path, key]), reason: "is not a known key" }));
    }
    if (issue.code === "invalid_key") {
      return [{ path: pathText(path), reason: issue.issues.map(({ message }) => message).join("; ") }];
    }
    if (issue.code === "invalid_union" && issue.errors.length > 0) {
      const branches = issue.errors.map((errors) => problemsOf(errors, path));
      return branches.reduce((best, branch) => (branch.length < best.length ? branch : best));
    }
    const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
    return [{ path: pathText(path), reason: missing ? "is missing" : issue.message }];
  });
}

function systemTwice(images: StackConfig["images"]): ConfigProblem[] {
  const seen = new Map<string, string>();
  return Object.entries(images).flatMap(([name, { system }]) => {
    const other = system === undefined ? undefined : seen.get(system);
    if (system !== undefined) seen.set(system, name);
    return other === undefined
      ? []
      : [{ path: `images.${name}.system`, reason: `${other} is ${system ?? ""} already` }];
  });
}

/** What a way of delivery cannot bring. An archive for one board has that board's images only. */
function undeliverable({ images, delivery }: Sections): ConfigProblem[] {
  if (delivery !== "airgap") return [];
  return Object.entries(images).flatMap(([name, image]) =>
    image.kind === "mirror" && image.platforms === "all"
      ? [
          {
            path: `images.${name}.platforms`,
            reason: "delivery airgap brings the board's platform only: expected board",
          },
        ]
      : [],
  );
}

/** Sections that say nothing where they are empty, which is what Pulumi.yaml has for stacks that lack them. */
const emptyIsNone = ["board", "join", "k3s", "kubeadm"];

/** What is said of a stack, by its configuration as Pulumi hands it out. */
export function givenValues(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isEmpty = (value: unknown) => isObject(value) && Object.keys(value).length === 0;
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key, value]) => value !== undefined && !(emptyIsNone.includes(key) && isEmpty(value)),
    ),
  );
}

/**
 * Parses the configuration of a stack with a server, which is one of k3s or one of kubeadm.
 *
 * @param values - one value per config key ({@link configKeys}), as Pulumi hands it out.
 * @throws ConfigError with every problem and its path. Nothing has been contacted by then.
 */
export function parseStackConfig(values: Readonly<Record<string, unknown>>): StackConfig | KubeadmStackConfig {
  const given = givenValues(values);
  if (given.join !== undefined)
    throw new ConfigError([{ path: "join", reason: "this stack has no server of its own, and here one is needed" }]);
  const parsed = stackConfigSchema.safeParse(given);
  const ofKeys = [
    ...distributionProblems(given),
    ...serverKeyProblems(given.servers, given.k3s),
    // of a worker of kubeadm there are no such keys at all, which is said below
    ...(given.kubeadm === undefined ? agentKeyProblems(given.agents, versionIn(given.k3s)) : []),
  ];
  if (!parsed.success) throw new ConfigError([...problemsOf(parsed.error.issues), ...ofKeys]);
  const { k3s, kubeadm, ...common } = parsed.data;
  const registry = registryFor(common.registry, common.delivery);
  const problems = [...systemTwice(common.images), ...undeliverable(parsed.data), ...ofKeys];
  if (kubeadm !== undefined) {
    const config = { ...common, registry, kubeadm };
    if (k3s === undefined) problems.push(...kubeadmProblems(config));
    if (problems.length > 0) throw new ConfigError(problems);
    return config;
  }
  if (k3s === undefined) throw new ConfigError(problems);
  const config = { ...common, registry, k3s };
  problems.push(...membersProblems(config));
  if (problems.length > 0) throw new ConfigError(problems);
  // A binary of this machine is asked for its names later; one that the board has itself is there only.
  const { unknown } = systemImages(config);
  if (unknown.length > 0 && isOnBoard(k3s.source)) {
    throw new ConfigError(unknownNames(k3s.version, unknown));
  }
  return config;
}

/**
 * {@link parseStackConfig} for what is there for k3s only.
 *
 * @throws ConfigError for a stack with kubeadm, too.
 */
export function parseK3sConfig(values: Readonly<Record<string, unknown>>): StackConfig {
  const config = parseStackConfig(values);
  if ("kubeadm" in config) throw new ConfigError([{ path: "kubeadm", reason: "this is for stacks with k3s only" }]);
  return config;
}

function distributionProblems(given: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const [hasK3s, hasKubeadm] = [given.k3s !== undefined, given.kubeadm !== undefined];
  if (hasK3s !== hasKubeadm) return [];
  return hasK3s
    ? [{ path: "kubeadm", reason: "the stack has k3s already: a stack is one or the other" }]
    : [{ path: "k3s", reason: "is missing: a stack has exactly one of k3s and kubeadm" }];
}

/** The version of k3s as it was given, whatever else is wrong with the section. */
function versionIn(k3s: unknown): unknown {
  return isObject(k3s) ? k3s.version : undefined;
}
