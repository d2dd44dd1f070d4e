import { isIPv4 } from "node:net";
import type { KubeadmConfig } from "../components/kubeadm/config";
import { hostOf } from "../components/images/delivery/pushing";
import { fullName, parseImageReference } from "../components/images/reference";
import { calicoOf } from "../components/kubeadm/cni/network";
import { encryptionProblem } from "../components/kubeadm/configuration";
import { imageRepositoryOf } from "../components/kubeadm/image-repository";
import { controlPlaneImageName } from "../components/kubeadm/image-table";
import { cniProblems } from "../components/kubeadm/cni/problems";
import { isCertificateName } from "../components/kubeadm/names";
import { networkProblems } from "../components/kubeadm/networks";
import { dockerImageProblems } from "../components/kubeadm/runtime/docker-images";
import { runtimeProblems } from "../components/kubeadm/runtime/problems";
import { takenSettings } from "../components/kubeadm/taken-settings";
import { bundledVersions } from "../components/kubeadm/program-builds";
import { registryEndpoint } from "../components/registry/registry";
import type { ConfigProblem, KubeadmStackConfig } from "./config";
import { sharedBoardProblems, sharedImageProblems } from "./members-problems";

/** What is wrong with a kubeadm section that is good by itself, and what other sections cannot have with it. */
export function kubeadmProblems(config: KubeadmStackConfig): ConfigProblem[] {
  return [
    ...unbuildable(config),
    ...encryption(config),
    ...certificateNames(config),
    ...networkProblems(config.kubeadm),
    ...takenSettings(config.kubeadm),
    ...ipvs(config),
    ...runtimeProblems(config),
    ...dockerImageProblems(config),
    ...cni(config),
    ...calicoBehindFirewalls(config),
    ...otherSections(config),
    ...workers(config),
  ];
}

function unbuildable({ kubeadm }: KubeadmStackConfig): ConfigProblem[] {
  if (kubeadm.source.kind !== "module" || kubeadm.version === bundledVersions.kubernetes) return [];
  const reason = `module builds ${bundledVersions.kubernetes} only: for ${kubeadm.version} give url or package`;
  return [{ path: "kubeadm.source.kind", reason }];
}

function encryption({ kubeadm: { version, encryptionAlgorithm } }: KubeadmStackConfig): ConfigProblem[] {
  const reason = encryptionProblem(version, encryptionAlgorithm);
  return reason === undefined ? [] : [{ path: "kubeadm.encryptionAlgorithm", reason }];
}

/** The image that is built where upstream has none lacks ipset, and Kubernetes has called the mode deprecated since 1.35. */
function ipvs({ kubeadm, board, agents, images, registry }: KubeadmStackConfig): ConfigProblem[] {
  const isBuilt = [board, ...Object.values(agents)].some(({ arch }) => arch === "riscv64");
  if (kubeadm.kubeProxy.mode !== "ipvs" || registry === undefined || !isBuilt) return [];
  const { isFilled } = imageRepositoryOf(kubeadm, hostOf(registryEndpoint(registry)));
  const name = controlPlaneImageName("kube-proxy", kubeadm.version);
  // whoever brings an image of their own knows what is in it
  const isGiven = Object.keys(images).some((written) => fullName(parseImageReference(written)) === name);
  if (!isFilled || isGiven) return [];
  const reason = `ipvs needs ipset, which the image that is built for riscv64 does not have: choose iptables or nftables, or give an image with it as images.${name}`;
  return [{ path: "kubeadm.kubeProxy.mode", reason }];
}

/** Names by which the API server is reached, with the place of each. Small letters: kubeadm takes no others, and who asks does not mind. */
export function reachedBy({
  kubeadm,
  board,
}: Pick<KubeadmStackConfig, "kubeadm" | "board">): ReadonlyMap<string, string> {
  const { kubeconfigServer } = kubeadm;
  const server = kubeconfigServer === undefined ? [] : [new URL(kubeconfigServer).hostname.replace(/^\[|\]$/g, "")];
  return new Map([
    ...server.map((name) => [name, "kubeadm.kubeconfigServer"] as const),
    [board.host.toLowerCase(), "board.host"],
  ]);
}

function certificateNames(config: KubeadmStackConfig): ConfigProblem[] {
  return [...reachedBy(config)].flatMap(([name, path]) => {
    const reason = `${name} cannot be in the API server's certificate: name a host of letters, digits and dashes, or an address`;
    return isCertificateName(name) ? [] : [{ path, reason }];
  });
}

/** Whether the network can be had on the boards, and what is wrong with its manifest. */
function cni({ kubeadm, board, agents }: KubeadmStackConfig): ConfigProblem[] {
  const architectures = [board, ...Object.values(agents)].map(({ arch }) => arch);
  const problems = cniProblems(kubeadm.cni, { architectures, nodes: architectures.length });
  return problems.length > 0 ? problems : [...(calicoOf(kubeadm)?.problems ?? [])];
}

/** Calico's packets between nodes are of protocols, by its manifest, that a list of ports cannot name. */
function calicoBehindFirewalls({ kubeadm, board, agents }: KubeadmStackConfig): ConfigProblem[] {
  if (kubeadm.cni.kind !== "calico" || Object.keys(agents).length === 0) return [];
  const boards = { board, ...Object.fromEntries(Object.entries(agents).map(([name, one]) => [`agents.${name}`, one])) };
  return Object.entries(boards).flatMap(([path, { prerequisites }]) => {
    const firewall = prerequisites?.firewall;
    if (firewall?.kind !== "ports" || firewall.trustedNetworks.length > 0) return [];
    const reason = "Calico needs more than ports between nodes (IP in IP or VXLAN, BGP): name the network of the nodes";
    return [{ path: `${path}.prerequisites.firewall.trustedNetworks`, reason }];
  });
}

/** Sections that are k3s's. */
function otherSections({ delivery, servers, manifests, registry }: KubeadmStackConfig): ConfigProblem[] {
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
    ...(Object.keys(servers).length === 0 ? [] : [{ path: "servers", reason: "are k3s's" }]),
    ...(Object.keys(manifests).length === 0
      ? []
      : [{ path: "manifests", reason: "are deployed by k3s: use workloads, which Pulumi deploys" }]),
  ];
}

/** What is wrong with boards that join, each good by itself. */
function workers(config: KubeadmStackConfig): ConfigProblem[] {
  return [
    ...sharedBoardProblems(config),
    ...sharedImageProblems(config),
    ...keysOfK3s(config),
    ...otherFamilies(config),
    ...otherArchitectures(config),
  ];
}

function keysOfK3s({ agents }: KubeadmStackConfig): ConfigProblem[] {
  return Object.entries(agents).flatMap(([name, { version, source, config }]) => [
    ...(version === undefined
      ? []
      : [{ path: `agents.${name}.version`, reason: "is k3s's: all nodes have kubeadm.version" }]),
    ...(source === undefined
      ? []
      : [{ path: `agents.${name}.source`, reason: "is k3s's: kubeadm.source is for all nodes" }]),
    ...Object.keys(config).map((key) => ({
      path: `agents.${name}.config.${key}`,
      reason: "is k3s's: kubelet's configuration is kubeadm.kubelet, the node's address nodeAddress",
    })),
  ]);
}

/** With k3s the address is said in its configuration, and may be of both families. */
function otherFamilies({ agents }: KubeadmStackConfig): ConfigProblem[] {
  const reason = "expected an IPv4 address, as kubeadm.podSubnet is IPv4";
  return Object.entries(agents).flatMap(([name, { nodeAddress }]) =>
    nodeAddress === undefined || isIPv4(nodeAddress) ? [] : [{ path: `agents.${name}.nodeAddress`, reason }],
  );
}

/** Programs that are given as they are are for one architecture. */
function otherArchitectures({ kubeadm, board, agents }: KubeadmStackConfig): ConfigProblem[] {
  const given = givenPrograms(kubeadm);
  return Object.entries(agents).flatMap(([name, { arch }]) =>
    arch === board.arch
      ? []
      : given.map((path) => ({
          path: `agents.${name}.arch`,
          reason: `${path} is for ${board.arch}, this board is ${arch}: choose module or package`,
        })),
  );
}

/** Config paths of sources that name a file. */
function givenPrograms({ source, runtime }: KubeadmConfig): string[] {
  const sources = {
    "kubeadm.source": source,
    "kubeadm.runtime.source": runtime.source,
    ...(runtime.kind === "containerd" ? { "kubeadm.runtime.runc": runtime.runc } : {}),
  };
  return Object.entries(sources).flatMap(([path, { kind }]) => (["url", "path"].includes(kind) ? [path] : []));
}
