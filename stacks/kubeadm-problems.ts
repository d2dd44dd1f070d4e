import { isSubnet, overlap } from "../components/kubeadm/subnet";
import { bundledVersions } from "../components/kubeadm/program-builds";
import type { ConfigProblem, KubeadmStackConfig } from "./config";

/** What is wrong with a kubeadm section that is good by itself, and what other sections cannot have with it. */
export function kubeadmProblems(config: KubeadmStackConfig): ConfigProblem[] {
  return [
    ...unbuildable(config),
    ...networkProblems(config),
    ...cgroupProblems(config),
    ...unsupported(config),
    ...otherSections(config),
  ];
}

function unbuildable({ kubeadm }: KubeadmStackConfig): ConfigProblem[] {
  if (kubeadm.source.kind !== "module" || kubeadm.version === bundledVersions.kubernetes) return [];
  const reason = `module builds ${bundledVersions.kubernetes} only: for ${kubeadm.version} give url or package`;
  return [{ path: "kubeadm.source.kind", reason }];
}

function networkProblems({ kubeadm }: KubeadmStackConfig): ConfigProblem[] {
  const { podSubnet, serviceSubnet } = kubeadm;
  const problems = Object.entries({ podSubnet, serviceSubnet }).flatMap(([key, subnet]) =>
    isSubnet(subnet)
      ? []
      : [{ path: `kubeadm.${key}`, reason: `${subnet} is no IPv4 network given by its first address` }],
  );
  if (problems.length > 0 || !overlap(podSubnet, serviceSubnet)) return problems;
  return [{ path: "kubeadm.podSubnet", reason: `${podSubnet} overlaps serviceSubnet ${serviceSubnet}` }];
}

/** kubelet and its runtime make control groups in the same way, or pods do not start; either may be the one that is wrong. */
function cgroupProblems({ kubeadm }: KubeadmStackConfig): ConfigProblem[] {
  const { kubelet, runtime } = kubeadm;
  const asked = kubelet.cgroupDriver;
  if (asked === undefined || asked === runtime.cgroupDriver) return [];
  const reason = `kubelet would use ${JSON.stringify(asked)} and ${runtime.kind} ${runtime.cgroupDriver}: set kubeadm.runtime.cgroupDriver, which both get`;
  return [{ path: "kubeadm.kubelet.cgroupDriver", reason }];
}

function unsupported({ kubeadm }: KubeadmStackConfig): ConfigProblem[] {
  return [
    ...(kubeadm.runtime.kind === "containerd"
      ? []
      : [{ path: "kubeadm.runtime.kind", reason: `${kubeadm.runtime.kind} is not part of this program yet` }]),
    ...(kubeadm.cni.kind === "bridge"
      ? []
      : [{ path: "kubeadm.cni.kind", reason: `${kubeadm.cni.kind} is not part of this program yet` }]),
  ];
}

/** Sections that are k3s's. */
function otherSections({ delivery, agents, manifests, registry }: KubeadmStackConfig): ConfigProblem[] {
  return [
    ...(delivery === "mirror"
      ? []
      : [
          {
            path: "delivery",
            reason: `${delivery} is k3s's: kubeadm takes its images from the registry, expected mirror`,
          },
        ]),
    ...(registry === undefined ? [{ path: "registry", reason: "is needed: kubeadm takes its images from there" }] : []),
    ...(Object.keys(agents).length === 0 ? [] : [{ path: "agents", reason: "are k3s's" }]),
    ...(Object.keys(manifests).length === 0
      ? []
      : [{ path: "manifests", reason: "are deployed by k3s: use workloads, which Pulumi deploys" }]),
  ];
}
