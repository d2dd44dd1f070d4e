/** What `destroy` does with k3s, from what leaves most to what takes most. */
export const onDestroyDepths = ["keepData", "remove", "purge"] as const;

/** One of {@link onDestroyDepths}. */
export type OnDestroy = (typeof onDestroyDepths)[number];

/**
 * Names the depth for one run, whatever the state says: the engine hands a deletion nothing but the state, so that `destroy --purge` of the
 * command line and `pulumi destroy` have no other way.
 */
export const onDestroyVariable = "K3S_BOARD_ON_DESTROY";

/**
 * How deep a deletion goes: what {@link onDestroyVariable} says, else what the state has.
 *
 * @throws Error where the variable names no depth: taking away too much because of a mistyped word cannot be taken back.
 */
export function depthOf(
  inState: OnDestroy | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): OnDestroy {
  const named = environment[onDestroyVariable];
  if (named === undefined || named === "") return inState ?? "remove";
  const depth = onDestroyDepths.find((one) => one === named);
  if (depth === undefined)
    throw new Error(`${onDestroyVariable} is ${JSON.stringify(named)}: expected ${onDestroyDepths.join(", ")}`);
  return depth;
}

/** What each depth takes away and leaves, as the person who destroys a stack is told. */
export const depthSentences: Readonly<Record<OnDestroy, readonly string[]>> = {
  keepData: [
    "k3s goes and its data stays: the next up continues the same cluster",
    "its pods, mounts, network devices and firewall rules go; files of the host are as before",
    "what stays: the data directory, /etc/rancher/node, /var/lib/kubelet, /var/log/pods and /var/log/containers",
  ],
  remove: [
    "k3s goes with all of its data that was not there before the first up",
    "its pods, mounts, network devices and firewall rules go; files of the host are as before",
    "a k3s that ran before the first up runs again, with its data and its pods",
  ],
  purge: [
    "k3s goes with all of its data, also what was there before the first up: data directory, /etc/rancher/node, /var/lib/kubelet, logs of pods, images of its containerd",
    "what CNI plugins left goes too, whoever they worked for: /var/lib/cni, /etc/cni, network namespaces cni-*",
    "chains and rules KUBE-*, CNI-* and flannel's go; those of others stay",
    "files of the host are as before; a k3s that ran before the first up stays installed, stopped and disabled",
  ],
};

/** {@link depthSentences} of a cluster of kubeadm, whose data cannot be kept. */
export const kubeadmDepthSentences: Readonly<Record<Exclude<OnDestroy, "keepData">, readonly string[]>> = {
  remove: [
    "kubeadm resets each node: the cluster goes, etcd with all of its data among it",
    "its pods, mounts, network devices and firewall rules go; files of the host are as before",
    "what the runtime and CNI plugins had before the first up stays",
  ],
  purge: [
    "kubeadm resets each node: the cluster goes, etcd with all of its data among it",
    "what was there before the first up goes too: /var/lib/kubelet, /var/lib/containerd with all of its images, /var/lib/cni, /opt/containerd, logs of pods",
    "/etc/kubernetes, /etc/containerd, /etc/cni and /opt/cni go where nothing is left in them",
    "chains and rules KUBE-*, CNI-* and flannel's go; those of others stay",
  ],
};
