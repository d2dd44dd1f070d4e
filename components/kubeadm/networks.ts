import type { KubeadmConfig } from "./config";
import { isSubnet, overlap, prefixLength } from "./subnet";

/** Something that does not do as a network. */
export interface NetworkProblem {
  /** Config path. */
  readonly path: string;
  readonly reason: string;
}

/** The controller manager's flag for the size of each node's part of the pods' network. */
const maskFlag = "node-cidr-mask-size-ipv4";

/** The controller manager's flag that decides whether it gives nodes parts of the pods' network. */
const allocateFlag = "allocate-node-cidrs";

type Flags = Pick<KubeadmConfig, "controllerManagerArgs">;

/** Whether the controller manager gives each node its part of the pods' network, which kubeadm tells it to; the words are those of Go's strconv.ParseBool. */
export function allocatesParts({ controllerManagerArgs }: Flags): boolean {
  return !["0", "f", "F", "FALSE", "false", "False"].includes(controllerManagerArgs[allocateFlag] ?? "true");
}

/** Prefix lengths that kubeadm takes, and why no others. */
interface Sizes {
  readonly largest: number;
  readonly smallest: number;
  readonly why: string;
}

/** The cluster's DNS has the tenth address. */
const serviceSizes: Sizes = {
  largest: 12,
  smallest: 28,
  why: "kubeadm takes no larger one, and smaller ones lack the tenth address, which is the DNS's",
};

/** What is wrong with the networks of pods and services; limits are those of cmd/kubeadm/app/apis/kubeadm/validation in k8s.io/kubernetes. */
export function networkProblems(
  config: Pick<KubeadmConfig, "podSubnet" | "serviceSubnet" | "controllerManagerArgs" | "cni">,
): NetworkProblem[] {
  const { podSubnet, serviceSubnet } = config;
  const problems = [
    ...partProblems(config),
    ...maskProblems(config),
    ...sizeProblems("podSubnet", podSubnet, podSizes(config)),
    ...sizeProblems("serviceSubnet", serviceSubnet, serviceSizes),
  ];
  if (problems.length > 0 || !overlap(podSubnet, serviceSubnet)) return problems;
  return [{ path: "kubeadm.podSubnet", reason: `${podSubnet} overlaps serviceSubnet ${serviceSubnet}` }];
}

/** The controller manager gives each node its part of the pods' network, and there are at most 2^16 parts. */
function podSizes({ controllerManagerArgs: flags }: Flags): Sizes {
  const fewest = { smallest: 28, why: "kubeadm wants 14 addresses" };
  // by this one word kubeadm's validation goes, though its controller manager knows more of them
  if (flags[allocateFlag] === "false" || !isMask(flags[maskFlag])) return { largest: 0, ...fewest };
  const mask = Number(flags[maskFlag] || 24);
  const why = `each node gets a /${mask} of it, unless ${maskFlag} in kubeadm.controllerManagerArgs says otherwise`;
  const ofNodes = mask > fewest.smallest ? fewest : { smallest: mask, why };
  return { largest: Math.max(mask - 16, 0), ...ofNodes };
}

/** Whether what is said of a node's part is a prefix length; kubeadm takes nothing said as /24. */
function isMask(given = ""): boolean {
  return /^\d{0,2}$/.test(given);
}

function partProblems({ cni, ...flags }: Flags & Pick<KubeadmConfig, "cni">): NetworkProblem[] {
  if (cni.kind !== "flannel" || allocatesParts(flags)) return [];
  const reason = "flannel makes a node's network of the part that the controller manager gives it: leave it out";
  return [{ path: `kubeadm.controllerManagerArgs.${allocateFlag}`, reason }];
}

function maskProblems({ controllerManagerArgs }: Flags): NetworkProblem[] {
  const given = controllerManagerArgs[maskFlag];
  const path = `kubeadm.controllerManagerArgs.${maskFlag}`;
  return isMask(given) ? [] : [{ path, reason: `'${given ?? ""}' is no prefix length such as 24` }];
}

function sizeProblems(key: string, subnet: string, { largest, smallest, why }: Sizes): NetworkProblem[] {
  const path = `kubeadm.${key}`;
  if (!isSubnet(subnet)) return [{ path, reason: `${subnet} is no IPv4 network given by its first address` }];
  const length = prefixLength(subnet);
  if (length >= largest && length <= smallest) return [];
  return [{ path, reason: `${subnet} has to be a network of /${largest} to /${smallest}: ${why}` }];
}
