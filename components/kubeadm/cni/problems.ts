import type { Architecture } from "../../board/architecture";
import { calicoProblems, otherNetworks } from "./calico-releases";
import type { CniConfig } from "./config";

/** What a network has to fit. */
export interface CniSurroundings {
  /** Architectures of all boards of the cluster. */
  readonly architectures: readonly Architecture[];
  /** Boards of the cluster. */
  readonly nodes: number;
}

/** Why this program does not bring Cilium. */
const ciliumReason =
  "Cilium is not brought by this program: it comes as a Helm chart that decides by the kernel's BPF features, which nothing here reads or tests, " +
  "and its images are for amd64 and arm64 only (cilium/cilium#37869, #39977)";

/** A network that cannot be had. */
export interface CniProblem {
  /** Config path. */
  readonly path: string;
  /** Why, and what to take instead. */
  readonly reason: string;
}

/** Why the network of a configuration cannot be had on these boards. Empty where it can. */
export function cniProblems(config: CniConfig, { architectures, nodes }: CniSurroundings): CniProblem[] {
  const path = "kubeadm.cni.kind";
  switch (config.kind) {
    case "bridge":
      return nodes > 1
        ? [
            {
              path,
              reason: `bridge networks the pods of one node, and the cluster has ${nodes}: use flannel, which joins them; a cluster that is there with bridge is destroyed and made anew for that`,
            },
          ]
        : [];
    case "flannel":
      return [];
    case "calico":
      return [...new Set(architectures)]
        .flatMap((arch) => calicoProblems(config.version, arch))
        .map((reason) => ({ path, reason }));
    case "cilium":
      return [{ path, reason: `${ciliumReason}: ${otherNetworks}` }];
  }
}
