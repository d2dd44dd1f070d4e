import { hostsOf } from "../components/images/delivery/mirror";
import { hostOf, pushedImages } from "../components/images/delivery/pushing";
import type { ImagesConfig } from "../components/images/config";
import { planImages, type PlannedImage } from "../components/images/plan";
import { type ImageRepository, imageRepositoryOf } from "../components/kubeadm/image-repository";
import {
  type ControlPlaneImage,
  controlPlaneImageKeys,
  controlPlaneImageName,
  controlPlaneImages,
} from "../components/kubeadm/image-table";
import { imagesInManifests, type ManifestImage } from "../components/manifests/images";
import type { ManifestText } from "../components/manifests/manifests";
import { parsePulledImage } from "../components/images/reference";
import { registryEndpoint } from "../components/registry/registry";
import type { Architecture } from "../components/board/architecture";
import { staticPods } from "../provider/kubeadm/phases";
import type { Progress } from "../tools/progress";
import type { KubeadmStackConfig } from "./config";

/** The images of a kubeadm stack, and how its node asks for them. */
export interface KubeadmImages extends ImageRepository {
  /** Those that kubeadm asks for by itself. */
  readonly system: readonly ControlPlaneImage[];
  /** What the board gets under each name. */
  readonly images: readonly PlannedImage[];
  /** Images that are pushed to the private registry. */
  readonly pushed: readonly PlannedImage[];
  /** Full name of the pod sandbox's image there. */
  readonly pauseImage: string;
  /** Registries that the private one stands in for, and its own `host:port`. */
  readonly mirrored: readonly string[];
}

/** The sections that decide which images the nodes of a stack are given. */
export type ImageSections = Pick<KubeadmStackConfig, "kubeadm" | "images" | "registries" | "audit" | "registry">;

/** How {@link kubeadmImages} looks at them. */
export interface KubeadmImagesArgs {
  readonly arch: Architecture;
  readonly pageSize: number;
  readonly progress: Progress;
  /** What the user deploys: what its pods run is looked at too. Defaults to nothing. */
  readonly workloads?: readonly ManifestText[];
  /** Images of the network's pods. Defaults to none. */
  readonly network?: readonly ManifestImage[];
  /** Whether the node is a worker, which runs no control plane. Defaults to false. */
  readonly isWorker?: boolean;
}

/**
 * Finds out which images a kubeadm stack needs and what the board gets for each; makes what is made here.
 *
 * @throws UnfitImages where the board cannot run one; or what a build says.
 */
export async function kubeadmImages(
  { kubeadm, images: configured, registries, audit, registry }: ImageSections,
  { arch, pageSize, progress, workloads = [], network = [], isWorker = false }: KubeadmImagesArgs,
): Promise<KubeadmImages> {
  if (registry === undefined) throw new Error("a kubeadm stack needs a private registry");
  const host = hostOf(registryEndpoint(registry));
  const repository = imageRepositoryOf(kubeadm, host);
  const all = repository.isFilled
    ? controlPlaneImages(kubeadm.version, arch)
    : imagesThere(kubeadm.version, repository);
  const system = isWorker ? all.filter(({ key }) => !staticPods.some((name) => name === key)) : all;
  const images = await planImages({
    images: repository.isFilled ? configured : { ...kept(system), ...configured },
    system: [...system, ...network.map(({ image }) => ({ name: parsePulledImage(image).name, alternatives: [] }))],
    registries,
    arch,
    pageSize,
    allow: audit.allow,
    progress,
    workloads: workloads.flatMap(({ content }) =>
      imagesInManifests(content).map(({ image, where }) => ({ name: parsePulledImage(image).name, where })),
    ),
  });
  const pushed = pushedImages(images);
  return {
    ...repository,
    system,
    images,
    pushed,
    pauseImage: controlPlaneImageName("pause", kubeadm.version, repository.imageRepository),
    mirrored: [...new Set([...hostsOf(pushed), host])].sort(),
  };
}

/** The images of a repository that others fill: there is one way to have them. */
function imagesThere(version: string, { imageRepository }: ImageRepository): ControlPlaneImage[] {
  return controlPlaneImageKeys.map((key) => {
    const { name } = parsePulledImage(controlPlaneImageName(key, version, imageRepository));
    return { key, name, alternatives: [] };
  });
}

/** What is said of them where the configuration says nothing. */
function kept(images: readonly ControlPlaneImage[]): ImagesConfig {
  return Object.fromEntries(images.map(({ name }) => [name, { kind: "keep" }]));
}
