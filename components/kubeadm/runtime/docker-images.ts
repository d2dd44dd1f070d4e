import type { ImagesConfig } from "../../images/config";
import { hostOf } from "../../images/delivery/pushing";
import { fullName, parseImageReference } from "../../images/reference";
import type { RegistryConfig } from "../../registry/config";
import { registryEndpoint } from "../../registry/registry";
import type { KubeadmConfig } from "../config";
import { imageRepositoryOf } from "../image-repository";
import { controlPlaneImageKeys, controlPlaneImageName } from "../image-table";
import type { RuntimeProblem } from "./problems";

/**
 * Images that would be pushed where Docker does not look for them: it knows mirrors of docker.io only, and asks every other registry itself. kubeadm's
 * own images are asked for by the private registry's name, unless the configuration has kubeadm take them from elsewhere.
 */
export function dockerImageProblems({
  kubeadm,
  images,
  registry,
}: {
  readonly kubeadm: Pick<KubeadmConfig, "runtime" | "version" | "imageRepository">;
  readonly images: ImagesConfig;
  readonly registry: RegistryConfig | undefined;
}): RuntimeProblem[] {
  const { runtime, version } = kubeadm;
  if (runtime.kind !== "cri-dockerd" || registry === undefined) return [];
  const host = hostOf(registryEndpoint(registry));
  const { isFilled } = imageRepositoryOf(kubeadm, host);
  const own = new Set(isFilled ? controlPlaneImageKeys.map((key) => controlPlaneImageName(key, version)) : []);
  return Object.entries(images).flatMap(([written, { kind }]) => {
    const name = parseImageReference(written);
    const isFound = ["docker.io", host].includes(name.registry) || own.has(fullName(name));
    if (kind === "keep" || isFound) return [];
    const { repository, tag } = name;
    const reason =
      `Docker asks ${name.registry} itself and knows mirrors of docker.io only: name the image docker.io/… or ${host}/${repository}:${tag}, ` +
      "say keep where Docker can pull it, or choose kubeadm.runtime.kind containerd";
    return [{ path: `images.${written}`, reason }];
  });
}
