import type { Architecture } from "../components/board/architecture";
import { type Delivery, delivery as deliveryFor, type SystemName } from "../components/images/delivery/delivery";
import { type ReadyArchive, readyArchives } from "../components/images/delivery/ready-archives";
import { linux } from "../components/images/image";
import type { PlannedImage } from "../components/images/plan";
import { parsePulledImage } from "../components/images/reference";
import { showPlan } from "../components/images/show-plan";
import type { SystemImageKey } from "../components/images/system-image-keys";
import type { SystemImage } from "../components/images/system-images";
import { componentOf } from "../components/images/system-table";
import { type K3sBinary, k3sBinary } from "../components/k3s/binary";
import { imagesInManifests } from "../components/manifests/images";
import type { ManifestText } from "../components/manifests/manifests";
import { engineProgress } from "../components/progress";
import { registryEndpoint } from "../components/registry/registry";
import type { CheckedBoard } from "./boards";
import type { StackConfig } from "./config";
import { stackImages } from "./images";
import { sourceOf } from "./stack-boards";

/** What a node is given, ready on this machine: its k3s and its images. Nothing has been sent yet. */
export interface PreparedNode {
  readonly binary: K3sBinary;
  /** What the node gets under each name. */
  readonly images: readonly PlannedImage[];
  readonly delivery: Delivery;
  /** The delivery's archives. */
  readonly archives: readonly ReadyArchive[];
  /** Full name of an image that k3s asks for by itself; `undefined` where this k3s does not. */
  readonly nameOf: (key: SystemImageKey) => string | undefined;
}

/** The sections that decide what nodes are given. */
export type NodeSections = Pick<StackConfig, "k3s" | "images" | "registries" | "registry" | "delivery" | "audit">;

/** What decides what a node is given. */
export interface NodeKind {
  readonly arch: Architecture;
  /** Where its k3s binary comes from. */
  readonly source: StackConfig["k3s"]["source"];
  /** Config path of that. */
  readonly sourcePath: string;
  /** The version of its k3s. */
  readonly version: string;
  /** Page size of its kernel in bytes. */
  readonly pageSize: number;
}

/**
 * Prepares what nodes are given; once for all nodes that are alike.
 *
 * @param manifests - the user's: what their pods run is looked at too.
 * @throws Error or ConfigError with what stands in the way. Nothing has been registered by then: a way that cannot work touches nothing.
 */
export function nodePreparation(
  config: NodeSections,
  manifests: readonly ManifestText[],
): (kind: NodeKind) => Promise<PreparedNode> {
  const prepared = new Map<string, Promise<PreparedNode>>();
  return ({ arch, source, sourcePath, version, pageSize }) => {
    const key = JSON.stringify([arch, source, version, pageSize]);
    const of = { ...config, arch, k3s: { ...config.k3s, source, version } };
    const node = prepared.get(key) ?? prepareNode(of, { pageSize, sourcePath }, manifests);
    prepared.set(key, node);
    return node;
  };
}

/** A node of the configuration that joins, ready to be made. */
export interface PreparedMember<Config> {
  /** Name of its node. */
  readonly name: string;
  readonly config: Config;
  readonly checked: CheckedBoard;
  readonly node: PreparedNode;
}

/** What of a node that joins decides what it is given, where that is not what the server is given. */
interface MemberKind {
  readonly arch: Architecture;
  readonly source?: StackConfig["k3s"]["source"] | undefined;
  readonly version?: string | undefined;
}

/**
 * Prepares what the nodes of a section are given.
 *
 * @param checked - their boards, by the same names.
 */
export async function preparedMembers<Config extends MemberKind>(
  configs: Readonly<Record<string, Config>>,
  checked: Readonly<Record<string, CheckedBoard>>,
  {
    section,
    k3s,
    prepare,
  }: {
    /** Its name. */
    readonly section: "servers" | "agents";
    readonly k3s: Pick<StackConfig["k3s"], "source" | "version">;
    readonly prepare: ReturnType<typeof nodePreparation>;
  },
): Promise<PreparedMember<Config>[]> {
  const members: PreparedMember<Config>[] = [];
  for (const [name, config] of Object.entries(configs)) {
    const of = checked[name];
    if (of === undefined) continue;
    const { arch, version = k3s.version } = config;
    const { pageSize } = of.facts;
    const node = await prepare({ arch, ...sourceOf(section, name, config, k3s), version, pageSize });
    members.push({ name, config, checked: of, node });
  }
  return members;
}

/** Finds the k3s binary, builds or finds the images, and settles how they reach a node. */
async function prepareNode(
  config: NodeSections & Pick<NodeKind, "arch">,
  { pageSize, sourcePath }: Pick<NodeKind, "pageSize" | "sourcePath">,
  manifests: readonly ManifestText[],
): Promise<PreparedNode> {
  const { arch } = config;
  const progress = engineProgress();
  const binary = await k3sBinary(config.k3s.source, arch, progress, sourcePath);
  const { system, images } = await stackImages(config, { binary, pageSize, progress, workloads: workloads(manifests) });
  showPlan(images);
  const nameOf = (key: SystemImageKey) => system.find((image) => image.key === key)?.name;
  const endpoint = config.registry === undefined ? {} : { registry: registryEndpoint(config.registry) };
  const pause = nameOf("pause") ?? "";
  const delivery = deliveryFor(config.delivery, { images, system: systemNames(system), pause, ...endpoint });
  const archives = await readyArchives(delivery, linux(arch), progress);
  return { binary, images, delivery, archives, nameOf };
}

/** The images that k3s asks for by itself, by component. */
function systemNames(system: readonly SystemImage[]): SystemName[] {
  return system.map(({ key, name }) => ({ name, component: componentOf(key) ?? key }));
}

function workloads(manifests: readonly ManifestText[]): { name: string; where: string }[] {
  return manifests.flatMap(({ content }) =>
    imagesInManifests(content).map(({ image, where }) => ({ name: parsePulledImage(image).name, where })),
  );
}
