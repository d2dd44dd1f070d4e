import type { RegistryConfig } from "../../registry/config";
import type { KubeadmConfig } from "../config";
import { cgroupDriverProblems } from "./cgroup-drivers";

/** Something that does not go together. */
export interface RuntimeProblem {
  /** Config path. */
  readonly path: string;
  readonly reason: string;
}

/** What of a runtime does not go with kubelet and the private registry. Empty where all goes together. */
export function runtimeProblems({
  kubeadm: { runtime, kubelet },
  registry,
}: {
  readonly kubeadm: Pick<KubeadmConfig, "runtime" | "kubelet">;
  readonly registry: Pick<RegistryConfig, "username"> | undefined;
}): RuntimeProblem[] {
  const { cgroupDriver } = kubelet;
  const drivers =
    cgroupDriver === undefined
      ? []
      : cgroupDriverProblems(
          { driver: runtime.cgroupDriver, where: "kubeadm.runtime.cgroupDriver" },
          {
            driver: typeof cgroupDriver === "string" ? cgroupDriver : JSON.stringify(cgroupDriver),
            where: "kubeadm.kubelet.cgroupDriver",
          },
        );
  const login =
    runtime.kind === "cri-dockerd" && registry?.username !== undefined
      ? [
          "Docker has no login that all pods of a node share: use a registry without one that listens on the board's loopback, or kubeadm.runtime.kind containerd",
        ]
      : [];
  return [
    ...drivers.map((reason) => ({ path: "kubeadm.kubelet.cgroupDriver", reason })),
    ...login.map((reason) => ({ path: "registry.username", reason })),
  ];
}
