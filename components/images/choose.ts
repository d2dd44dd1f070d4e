import type { ImageAudit } from "./audit/result";
import { type BuildConfig, describeSource, type ImageConfig, isBuild } from "./config";
import { fullName, parseImageReference, parsePulledImage } from "./reference";
import { UnfitImages } from "./unfit-images";

/** An image that the board will ask for. */
export interface WantedImage {
  /** Full name. */
  readonly name: string;
  /** What the configuration says about it. */
  readonly configured?: ImageConfig;
  /** What else may do where upstream does not have it for the board, best first. */
  readonly alternatives: readonly ImageConfig[];
}

/** What a registry said about a name. */
export type Answer =
  | { readonly kind: "audited"; readonly audit: ImageAudit }
  /** It shows the image to nobody, or not without a login. Docker Hub does not say which. */
  | { readonly kind: "denied"; readonly why: string }
  /** It did not answer; the audit is the one of an earlier run, where there was one. */
  | { readonly kind: "unreachable"; readonly why: string; readonly remembered?: ImageAudit };

/** What {@link chooseStrategy} goes by. */
export interface Knowledge {
  /** `os/architecture` of the board. */
  readonly platform: string;
  /** Answers by full name. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** Why a way of building cannot be gone on this machine; `undefined` where it can. */
  readonly hindrance: (source: BuildConfig) => string | undefined;
  /** Whether a full name is an image of this stack that is made here. */
  readonly isBuilt: (name: string) => boolean;
}

/** What the board gets under a name. */
export type Choice =
  | { readonly strategy: "build"; readonly reason: string; readonly source: BuildConfig }
  /** From a registry: under its own name (`mirror`, `keep`) or another one (`alias`). */
  | {
      readonly strategy: "mirror" | "alias" | "keep";
      readonly reason: string;
      readonly from: string;
      readonly digest: string;
      readonly platformDigest: string;
    }
  /** The same as another image of this stack. */
  | { readonly strategy: "alias"; readonly reason: string; readonly of: string };

/** The choice, or why there is none: one sentence that says what was looked at. */
export type Chosen = { readonly choice: Choice } | { readonly problem: string };

/** A full name of whatever a user or the table wrote. */
export function canonicalName(name: string): string {
  return fullName(parseImageReference(name));
}

/** The names that registries are asked about before {@link chooseStrategy}. */
export function namesToAsk(wanted: WantedImage, isBuilt: Knowledge["isBuilt"]): string[] {
  const { name, configured, alternatives } = wanted;
  const names = configured === undefined ? [name, ...alternatives.flatMap(sourceNames)] : namesOf(name, configured);
  return names.map(canonicalName).filter((asked) => configured === undefined || !isBuilt(asked));
}

function sourceNames(config: ImageConfig): string[] {
  return config.kind === "alias" ? [config.of] : [];
}

function namesOf(name: string, config: ImageConfig): string[] {
  switch (config.kind) {
    case "mirror":
      return [config.from ?? name];
    case "keep":
      return [name];
    default:
      return sourceNames(config);
  }
}

/**
 * What the board gets under a name. The configuration decides where it says something. Else: what upstream has under the very name, if it is
 * there for the board's platform with the right programs; else the first alternative that will do. A registry that does not answer counts
 * with what it said last time, and with nothing where it never did.
 *
 * Pure: the same answers give the same choice.
 */
export function chooseStrategy(wanted: WantedImage, knowledge: Knowledge): Chosen {
  return wanted.configured === undefined
    ? chosenBySearch(wanted, knowledge)
    : chosenByConfig(wanted, wanted.configured, knowledge);
}

function chosenByConfig({ name }: WantedImage, config: ImageConfig, knowledge: Knowledge): Chosen {
  if (isBuild(config)) {
    const hindrance = knowledge.hindrance(config);
    if (hindrance !== undefined) return { problem: `${name}: ${hindrance}` };
    return {
      choice: {
        strategy: "build",
        reason: `built from ${describeSource(config)}, as the configuration says`,
        source: config,
      },
    };
  }
  const from = canonicalName(
    config.kind === "alias" ? config.of : config.kind === "mirror" ? (config.from ?? name) : name,
  );
  if (config.kind === "alias" && knowledge.isBuilt(from))
    return { choice: { strategy: "alias", reason: `the same image as ${from}, as the configuration says`, of: from } };
  const found = lookAt(from, knowledge);
  if (found.kind !== "fits")
    return { problem: `${name}: the configuration says ${config.kind}, and ${found.why}. ${found.remedy}` };
  const whole = config.kind === "mirror" && config.platforms === "all";
  const { platformDigest } = found;
  const digest = whole || config.kind === "keep" ? found.digest : platformDigest;
  const what = { mirror: "copied from", alias: "an alias of", keep: "pulled by the board from" }[config.kind];
  const reason = `${what} ${from === name ? registryOf(name) : from}, as the configuration says${found.note}`;
  return { choice: { strategy: config.kind, reason, from, digest, platformDigest } };
}

function chosenBySearch({ name, alternatives }: WantedImage, knowledge: Knowledge): Chosen {
  const found = lookAt(name, knowledge);
  if (found.kind === "fits") {
    const { platformDigest } = found;
    const reason = `${registryOf(name)} has it for ${knowledge.platform}${found.note}`;
    return { choice: { strategy: "mirror", reason, from: name, digest: platformDigest, platformDigest } };
  }
  const tried = [found.why];
  for (const way of alternatives) {
    if (isBuild(way)) {
      const hindrance = knowledge.hindrance(way);
      if (hindrance === undefined) {
        const reason = `${tried[0] ?? ""}; built from ${describeSource(way)}`;
        return { choice: { strategy: "build", reason, source: way } };
      }
      tried.push(hindrance);
    } else if (way.kind === "alias") {
      const from = canonicalName(way.of);
      const other = lookAt(from, knowledge);
      if (other.kind === "fits") {
        const { platformDigest } = other;
        const reason = `${found.why}; ${from} has it${other.note}`;
        return { choice: { strategy: "alias", reason, from, digest: platformDigest, platformDigest } };
      }
      if (!tried.includes(other.why)) tried.push(other.why);
    }
  }
  return { problem: `${name}: ${tried.join("; ")}. ${found.remedy}` };
}

type Look =
  | { readonly kind: "fits"; readonly digest: string; readonly platformDigest: string; readonly note: string }
  | { readonly kind: "no"; readonly why: string; readonly remedy: string };

const otherImage = "Say in the configuration how the board gets it (`images`): build, mirror or alias one that fits";

function lookAt(name: string, { answers, platform }: Pick<Knowledge, "answers" | "platform">): Look {
  const answer = answers.get(name);
  if (answer === undefined) return { kind: "no", why: `${name} was not looked at`, remedy: otherImage };
  if (answer.kind === "denied") {
    const why = `${name} is not in ${registryOf(name)}, or not without a login`;
    return { kind: "no", why, remedy: `A login goes into \`registries\`. ${otherImage}` };
  }
  const audit = answer.kind === "audited" ? answer.audit : answer.remembered;
  if (audit === undefined) {
    const why = `${registryOf(name)} does not answer${answer.kind === "audited" ? "" : ` (${answer.why})`}`;
    return {
      kind: "no",
      why,
      remedy: `Try again where it answers, or name a mirror of it (\`registries\`). ${otherImage}`,
    };
  }
  const { verdict, digest, platformDigest, platforms, problems } = audit;
  if (verdict === "fits" && digest !== undefined && platformDigest !== undefined) {
    const note = answer.kind === "audited" ? "" : ` (as of its last answer: ${answer.why})`;
    return { kind: "fits", digest, platformDigest, note };
  }
  const why =
    verdict === "absent"
      ? `${name} is not in ${registryOf(name)}`
      : verdict === "platform"
        ? `${name} has no ${platform} (it has ${platforms.join(", ") || "none"})`
        : `${name} says ${platform} and is not: ${problems.map(({ message }) => message).join("; ")}`;
  return { kind: "no", why, remedy: otherImage };
}

function registryOf(name: string): string {
  return parsePulledImage(name).registry;
}

/** An image that a manifest of the user's names. */
export interface WorkloadImage {
  /** Full name. */
  readonly name: string;
  /** What names it: `Deployment default/web, container web`. */
  readonly where: string;
}

/**
 * What is to be said about an image that the board will pull from upstream itself: it must be there for the board, with the right programs. A
 * registry that does not answer here may answer the board, so that is a warning only; the pod will show it.
 */
export function judgeWorkload(
  { name, where }: WorkloadImage,
  knowledge: Pick<Knowledge, "answers" | "platform">,
): { readonly problem: string } | { readonly warning: string } | undefined {
  const found = lookAt(name, knowledge);
  if (found.kind === "fits") return undefined;
  const sentence = `${where}: ${found.why}`;
  return knowledge.answers.get(name)?.kind === "audited"
    ? { problem: `${sentence}. ${found.remedy}` }
    : { warning: `${sentence}; whether it fits the board is not known` };
}

/** One error for all images that the board cannot get. */
export function refusal(problems: readonly string[], platform: string): UnfitImages {
  const count = problems.length === 1 ? "one image" : `${problems.length} images`;
  return new UnfitImages(`${count} cannot be had for ${platform}`, problems);
}
