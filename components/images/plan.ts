import * as pulumi from "@pulumi/pulumi";
import type { RegistryAddressArgs } from "../../provider";
import { cCompilerHindrance } from "../../tools/cross-compiler";
import type { Progress } from "../../tools/progress";
import type { Architecture } from "../board/architecture";
import { engineProgress } from "../progress";
import { type RegistriesConfig, upstreamFor } from "../registry/upstreams";
import type { AllowedProgram } from "./audit/allow";
import { platformText } from "./audit/platforms";
import { buildImage } from "./build";
import {
  canonicalName,
  type Choice,
  chooseStrategy,
  judgeWorkload,
  type Knowledge,
  namesToAsk,
  refusal,
  type WantedImage,
  type WorkloadImage,
} from "./choose";
import { type BuildConfig, type ImagesConfig, isBuild, resolveBuild } from "./config";
import { dockerHindrance, imageFromDockerfile } from "./dockerfile";
import { type BuiltImage, linux } from "./image";
import { imageFromArchive } from "./import-image";
import { parseImageReference } from "./reference";
import type { SystemImage } from "./system-images";
import { askUpstream } from "./upstream-answers";

/** An image that the board will ask for, and what it gets under that name. */
export interface PlannedImage {
  /** Full name that the board asks for: `docker.io/rancher/mirrored-pause:3.10.2`. */
  readonly name: string;
  /**
   * `build`: made here. `mirror`: copied under its own name. `alias`: another image under this name. `keep`: the board pulls it itself,
   * nothing is pushed.
   */
  readonly strategy: "build" | "mirror" | "alias" | "keep";
  /** Why, one clause for the preview: "docker.io has no riscv64 under this tag (amd64, arm64); built from its C file". */
  readonly reason: string;
  /** What the tag points to: an image manifest, or an index where a whole index is mirrored. */
  readonly digest: string;
  /** The manifest for the board's platform; equals `digest` unless that is an index. */
  readonly platformDigest: string;
  readonly content: PlannedContent;
}

/** Where the bytes of an image are. */
export type PlannedContent =
  /** On this machine. */
  | { readonly kind: "layout"; readonly image: BuiltImage }
  /** In a registry, under the digest. */
  | { readonly kind: "upstream"; readonly registry: RegistryAddressArgs; readonly repository: string };

/** What {@link planImages} goes by. */
export interface PlanArgs {
  /** What the configuration says, by image name. */
  readonly images: ImagesConfig;
  /** Images that k3s, or kubeadm, asks for by itself. */
  readonly system: readonly Pick<SystemImage, "name" | "alternatives">[];
  /** How registries are asked. */
  readonly registries: RegistriesConfig;
  readonly arch: Architecture;
  /** Page size of the board's kernel in bytes. */
  readonly pageSize?: number;
  /** Programs that need not fit. */
  readonly allow?: readonly AllowedProgram[];
  /** Defaults to the engine's display. */
  readonly progress?: Progress;
  /** Images that the user's manifests name. What is not planned is pulled by the board itself, and must fit it. Defaults to none. */
  readonly workloads?: readonly WorkloadImage[];
}

/**
 * Decides for every image of a stack what the board gets, and makes what is made here. Afterwards all digests are known.
 *
 * @throws UnfitImages with every image that cannot be had for the board, what there is instead, and what to do; or what a build says.
 */
export async function planImages(args: PlanArgs): Promise<PlannedImage[]> {
  const checked = { ...args, progress: args.progress ?? engineProgress() };
  return makeImages(await chooseImages(checked), checked);
}

type CheckedArgs = PlanArgs & { readonly progress: Progress };

interface Chosen {
  readonly name: string;
  readonly choice: Choice;
}

/** Asks the registries, and chooses for each image; all that cannot be had are refused together. */
async function chooseImages(args: CheckedArgs): Promise<Chosen[]> {
  const { arch, registries, progress } = args;
  const platform = linux(arch);
  const wanted = wantedImages(args.images, args.system);
  const built = new Set(
    wanted.flatMap(({ name, configured }) => (configured !== undefined && isBuild(configured) ? [name] : [])),
  );
  const isBuilt = (name: string) => built.has(name);
  const hindrances = await buildHindrances(wanted, arch);
  const pulled = (args.workloads ?? []).filter(({ name }) => !wanted.some((image) => image.name === name));
  const names = [...wanted.flatMap((image) => namesToAsk(image, isBuilt)), ...pulled.map(({ name }) => name)];
  const knowledge: Knowledge = {
    platform: platformText(platform),
    answers: await askUpstream(names, { registries, platform, progress, ...checkOf(args) }),
    isBuilt,
    hindrance: ({ kind }) => hindrances.get(kind),
  };
  const choices: Chosen[] = [];
  const problems: string[] = [];
  for (const image of wanted) {
    const chosen = chooseStrategy(image, knowledge);
    if ("problem" in chosen) problems.push(chosen.problem);
    else choices.push({ name: image.name, choice: chosen.choice });
  }
  for (const image of pulled) {
    const judged = judgeWorkload(image, knowledge);
    if (judged === undefined) continue;
    if ("problem" in judged) problems.push(judged.problem);
    else void pulumi.log.warn(judged.warning);
  }
  if (problems.length > 0) throw refusal(problems, knowledge.platform);
  return choices;
}

/** Makes what is made here, and says where the rest is. */
async function makeImages(choices: readonly Chosen[], args: CheckedArgs): Promise<PlannedImage[]> {
  const planned = new Map<string, PlannedImage>();
  // One after the other: each build uses all cores.
  for (const { name, choice } of choices) {
    if (choice.strategy !== "build") continue;
    planned.set(name, fromLayout(name, choice, await makeImage(choice.source, name, args)));
  }
  for (const { name, choice } of choices) {
    if (choice.strategy === "build") continue;
    if ("of" in choice) {
      const original = planned.get(choice.of);
      if (original?.content.kind !== "layout")
        throw new Error(`${name} is an alias of ${choice.of}, which is not made here`);
      planned.set(name, fromLayout(name, choice, original.content.image));
    } else {
      planned.set(name, await fromUpstream(name, choice, args.registries));
    }
  }
  return choices.flatMap(({ name }) => planned.get(name) ?? []);
}

function makeImage(source: BuildConfig, name: string, args: CheckedArgs): Promise<BuiltImage> {
  const { arch, progress } = args;
  const check = checkOf(args);
  if (source.kind === "archive") return imageFromArchive(source, linux(arch), progress, { ...check, name });
  if (source.kind === "dockerfile") return imageFromDockerfile(name, source, linux(arch), progress, check);
  return buildImage(source, arch, progress, check);
}

/** What the programs of every image are checked against, wherever it comes from. */
function checkOf({ pageSize, allow }: PlanArgs): Pick<PlanArgs, "pageSize" | "allow"> {
  return { ...(pageSize === undefined ? {} : { pageSize }), ...(allow === undefined ? {} : { allow }) };
}

function wantedImages(images: ImagesConfig, system: PlanArgs["system"]): WantedImage[] {
  const configured = new Map(
    Object.entries(images).map(([name, config]) => [
      canonicalName(name),
      isBuild(config) ? resolveBuild(config) : config,
    ]),
  );
  const own = [...configured].filter(([name]) => !system.some((image) => image.name === name));
  return [
    ...system.map(({ name, alternatives }) => {
      const config = configured.get(name);
      return { name, alternatives, ...(config === undefined ? {} : { configured: config }) };
    }),
    ...own.map(([name, config]) => ({ name, configured: config, alternatives: [] })),
  ];
}

/** Why ways of building cannot be gone here, by kind. Only kinds that an image might need are looked into. */
async function buildHindrances(
  wanted: readonly WantedImage[],
  arch: Architecture,
): Promise<ReadonlyMap<string, string>> {
  const kinds = new Set(
    wanted
      .flatMap(({ configured, alternatives }) => (configured ? [configured] : alternatives))
      .map(({ kind }) => kind),
  );
  const found = new Map<string, string>();
  const compiler = kinds.has("pause") || kinds.has("c") ? await cCompilerHindrance(arch) : undefined;
  if (compiler !== undefined) for (const kind of ["pause", "c"]) found.set(kind, compiler);
  const docker = kinds.has("dockerfile") ? await dockerHindrance() : undefined;
  if (docker !== undefined) found.set("dockerfile", docker);
  return found;
}

function fromLayout(name: string, { strategy, reason }: Choice, image: BuiltImage): PlannedImage {
  const { digest } = image;
  return { name, strategy, reason, digest, platformDigest: digest, content: { kind: "layout", image } };
}

async function fromUpstream(
  name: string,
  choice: Extract<Choice, { from: string }>,
  registries: RegistriesConfig,
): Promise<PlannedImage> {
  const { strategy, reason, digest, platformDigest } = choice;
  const { registry: host, repository } = parseImageReference(choice.from);
  const registry = await upstreamFor(host, registries);
  const content: PlannedContent = { kind: "upstream", registry, repository };
  return { name, strategy, reason, digest, platformDigest, content };
}
