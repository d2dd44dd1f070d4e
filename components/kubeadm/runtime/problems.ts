import type { RegistryEndpoint } from "../../k3s/registries";
import type { KubeadmConfig } from "../config";
import { cgroupDriverProblems } from "./cgroup-drivers";

/**
 * What of a runtime does not go with the rest of the configuration, each with its config path. Empty where all goes together.
 *
 * @param registry - the private registry, where there is one.
 */
export function runtimeProblems(
  { runtime, kubelet }: Pick<KubeadmConfig, "runtime" | "kubelet">,
  registry?: Pick<RegistryEndpoint, "username">,
): string[] {
  const { cgroupDriver } = kubelet;
  const drivers =
    typeof cgroupDriver === "string"
      ? cgroupDriverProblems(
          { driver: runtime.cgroupDriver, where: "kubeadm.runtime.cgroupDriver" },
          { driver: cgroupDriver, where: "kubeadm.kubelet.cgroupDriver" },
        )
      : [];
  const login =
    runtime.kind === "cri-dockerd" && registry?.username !== undefined
      ? [
          "registry.username: Docker has no login that all pods of a node share: use a registry without one that listens on the board's loopback, or kubeadm.runtime.kind containerd",
        ]
      : [];
  return [...drivers, ...login];
}
