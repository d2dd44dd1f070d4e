import type { KubeadmConfig } from "./config";
import { upstreamRepository } from "./image-table";

/** Where kubeadm takes a control plane's images from. */
export interface ImageRepository {
  /** What kubeadm is told: `127.0.0.1:5000`. */
  readonly imageRepository: string;
  /** What it is told for CoreDNS. */
  readonly corednsRepository: string;
  /** Whether the board gets from there what is pushed to the private registry. Else it pulls what there is itself. */
  readonly isFilled: boolean;
}

/**
 * Where kubeadm takes images from: what the configuration says, or the private registry.
 *
 * @param host - `host:port` of the private registry.
 */
export function imageRepositoryOf(
  { imageRepository, runtime }: Pick<KubeadmConfig, "imageRepository" | "runtime">,
  host: string,
): ImageRepository {
  const repository = imageRepository ?? host;
  const isUpstream = repository === upstreamRepository;
  return {
    imageRepository: repository,
    // Upstream, and with its names the private registry, have CoreDNS one directory further down. Copies have it beside the others, where kubeadm
    // looks for it in every repository that is not upstream's (GetDNSImage in cmd/kubeadm/app/images/images.go).
    corednsRepository: isUpstream || repository === host ? `${repository}/coredns` : repository,
    // containerd asks the private registry before upstream; Docker knows no mirror of it
    isFilled: repository === host || (isUpstream && runtime.kind === "containerd"),
  };
}
