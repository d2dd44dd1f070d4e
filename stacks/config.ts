import { z } from "zod";
import { boardConfig } from "../components/board/config";
import { hooksConfig } from "../components/hooks/config";
import { auditConfig } from "../components/images/audit/allow";
import { deliveryConfig } from "../components/images/delivery/ways";
import { imagesConfig } from "../components/images/config";
import { systemImages, unknownNames } from "../components/images/system-images";
import { agentKeyProblems, agentsConfig } from "../components/k3s/agent-config";
import { isOnBoard, k3sConfig } from "../components/k3s/config";
import { manifestsConfig } from "../components/manifests/config";
import { type RegistryConfig, registryConfig, registryFor } from "../components/registry/config";
import { registriesConfig } from "../components/registry/upstreams";
import { workloadsConfig } from "../components/workloads/config";
import { isObject } from "../provider/secrets";
import { agentsProblems } from "./agents-problems";

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
  k3s: k3sConfig.describe("k3s on the board."),
  agents: agentsConfig
    .default({})
    .describe("Boards that join the server's cluster as agents, by the names of their nodes."),
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

/** {@link stackConfigSchema} with defaults filled in. */
export interface StackConfig extends Omit<z.output<typeof stackConfigSchema>, "registry"> {
  /** The private registry, where there is to be one. */
  readonly registry: RegistryConfig | undefined;
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
function problemsOf(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): ConfigProblem[] {
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
function undeliverable({ images, delivery }: z.output<typeof stackConfigSchema>): ConfigProblem[] {
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

/**
 * Parses the configuration of a stack.
 *
 * @param values - one value per config key ({@link configKeys}), as Pulumi hands it out.
 * @throws ConfigError with every problem and its path. Nothing has been contacted by then.
 */
export function parseStackConfig(values: Readonly<Record<string, unknown>>): StackConfig {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const parsed = stackConfigSchema.safeParse(given);
  const ofKeys = agentKeyProblems(given.agents, versionIn(given.k3s));
  if (!parsed.success) throw new ConfigError([...problemsOf(parsed.error.issues), ...ofKeys]);
  const config = parsed.data;
  const registry = registryFor(config.registry, config.delivery);
  const problems = [
    ...systemTwice(config.images),
    ...undeliverable(config),
    ...ofKeys,
    ...agentsProblems({ ...config, registry }),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  // A binary of this machine is asked for its names later; one that the board has itself is there only.
  const { unknown } = systemImages(config);
  if (unknown.length > 0 && isOnBoard(config.k3s.source)) {
    throw new ConfigError(unknownNames(config.k3s.version, unknown));
  }
  return { ...config, registry };
}

/** The version of k3s as it was given, whatever else is wrong with the section. */
function versionIn(k3s: unknown): unknown {
  return isObject(k3s) ? k3s.version : undefined;
}
