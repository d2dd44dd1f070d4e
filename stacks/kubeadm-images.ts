import { hostsOf } from "../components/images/delivery/mirror";
import { hostOf, pushedImages } from "../components/images/delivery/pushing";
import { planImages, type PlannedImage } from "../components/images/plan";
import { type ControlPlaneImage, controlPlaneImages } from "../components/kubeadm/image-table";
import { imagesInManifests, type ManifestImage } from "../components/manifests/images";
import type { ManifestText } from "../components/manifests/manifests";
import { parsePulledImage } from "../components/images/reference";
import { registryEndpoint } from "../components/registry/registry";
import type { Architecture } from "../components/board/architecture";
import { staticPods } from "../provider/kubeadm/phases";
import type { Progress } from "../tools/progress";
import type { KubeadmStackConfig } from "./config";

/** The images of a kubeadm stack, and how its node asks for them. */
export interface KubeadmImages {
  /** Those that kubeadm asks for by itself. */
  readonly system: readonly ControlPlaneImage[];
  /** What the board gets under each name. */
  readonly images: readonly PlannedImage[];
  /** Images that are pushed to the private registry. */
  readonly pushed: readonly PlannedImage[];
  /** Where kubeadm takes its images from: `127.0.0.1:5000`. */
  readonly imageRepository: string;
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
  const all = controlPlaneImages(kubeadm.version, arch);
  const system = isWorker ? all.filter(({ key }) => !staticPods.some((name) => name === key)) : all;
  const images = await planImages({
    images: configured,
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
  const host = hostOf(registryEndpoint(registry));
  const imageRepository = kubeadm.imageRepository ?? host;
  const pause = system.find(({ key }) => key === "pause")?.name ?? "";
  return {
    system,
    images,
    pushed,
    imageRepository,
    pauseImage: `${imageRepository}/${pause.slice(pause.indexOf("/") + 1)}`,
    mirrored: [...new Set([...hostsOf(pushed), host])].sort(),
  };
}
