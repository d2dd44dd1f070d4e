import type { KubeadmConfig } from "./config";

/** A flag or key that is not the user's to set. */
export interface TakenSetting {
  /** Config path. */
  readonly path: string;
  readonly reason: string;
}

type Section = "apiServerArgs" | "controllerManagerArgs" | "etcdArgs" | "kubelet" | "kubeProxy";

/** Who else says it, and would say something else. */
const said = (key: string) => `is said by ${key}, which kubeadm and the other nodes know too: set that`;
const fixed = (value: string, who: string) => `is ${value}, where ${who} looks: leave it out`;

/** Flags and keys that kubeadm takes and that would part the cluster from what this program, kubeadm or its own other half knows of it. */
const taken: Readonly<Record<Section, Readonly<Record<string, string>>>> = {
  apiServerArgs: {
    "advertise-address": said("kubeadm.nodeAddress"),
    "secure-port": fixed("6443", "every kubeconfig"),
    "service-cluster-ip-range": said("kubeadm.serviceSubnet"),
  },
  controllerManagerArgs: {
    "cluster-cidr": said("kubeadm.podSubnet"),
    "service-cluster-ip-range": said("kubeadm.serviceSubnet"),
  },
  etcdArgs: {
    "data-dir": fixed("/var/lib/etcd", "kubeadm reset"),
    name: "is the name of the node, by which kubeadm knows the member: leave it out",
  },
  kubelet: {
    clusterDomain: said("kubeadm.dnsDomain"),
    containerRuntimeEndpoint: said("kubeadm.runtime"),
    staticPodPath: fixed("/etc/kubernetes/manifests", "kubeadm"),
  },
  kubeProxy: { clusterCIDR: said("kubeadm.podSubnet") },
};

/** Settings of {@link taken} that a section has. */
export function takenSettings(config: Pick<KubeadmConfig, Section>): TakenSetting[] {
  return (Object.keys(taken) as Section[]).flatMap((section) =>
    Object.keys(config[section]).flatMap((key) => {
      const reason = Object.hasOwn(taken[section], key) ? taken[section][key] : undefined;
      return reason === undefined ? [] : [{ path: `kubeadm.${section}.${key}`, reason }];
    }),
  );
}
