import { z } from "zod";
import { boardConfig } from "../components/board/config";
import { imagesConfig } from "../components/images/config";
import { knownReleaseLines, type SystemImages, systemImages } from "../components/images/system-images";
import { disabledComponents, k3sConfig } from "../components/k3s/config";
import { manifestsConfig } from "../components/manifests/config";
import { registryConfig } from "../components/registry/config";
import { registriesConfig } from "../components/registry/upstreams";

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
  registry: registryConfig
    .default({ kind: "board", listen: "127.0.0.1", port: 5000 })
    .describe("The private registry the board pulls from."),
  registries: registriesConfig
    .default({})
    .describe("How the registries that images come from are asked, where that is not the usual way."),
  k3s: k3sConfig.describe("k3s on the board."),
  images: imagesConfig
    .default({})
    .describe(
      "Images built for the board, by the name the cluster asks for. Pause and CoreDNS are added where they are needed.",
    ),
  manifests: manifestsConfig.describe("The user's manifests."),
});

/** {@link stackConfigSchema} with defaults filled in. */
export interface StackConfig extends z.output<typeof stackConfigSchema> {
  /** Names of the system images that this k3s asks for. */
  readonly systemImages: SystemImages;
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

/** The names of the system images: those of the release line, or what the configuration says for a line we do not know. */
function systemImagesFor(config: z.output<typeof stackConfigSchema>): {
  images?: SystemImages;
  problems: ConfigProblem[];
} {
  const known = systemImages(config.k3s.version);
  const pause = config.k3s.pauseImage ?? known?.pause;
  const disabled = disabledComponents(config.k3s);
  // a disabled CoreDNS without a manifest of ours is asked for by nobody
  const coredns = known?.coredns ?? Object.keys(config.images).find((name) => /coredns/.test(name));
  const problems: ConfigProblem[] = [];
  if (pause === undefined) {
    problems.push({
      path: "k3s.pauseImage",
      reason: `must be set: the system images of ${config.k3s.version} are not known (known: ${knownReleaseLines.join(", ")})`,
    });
  }
  if (coredns === undefined && !(disabled.includes("coredns") && config.k3s.coredns === "bundled")) {
    problems.push({
      path: "images",
      reason: `must have CoreDNS under the name that k3s ${config.k3s.version} asks for`,
    });
  }
  if (problems.length > 0 || pause === undefined) return { problems };
  return { images: { pause, coredns: coredns ?? "" }, problems };
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
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues));
  const system = systemImagesFor(parsed.data);
  if (system.images === undefined) throw new ConfigError(system.problems);
  return { ...parsed.data, systemImages: system.images };
}
