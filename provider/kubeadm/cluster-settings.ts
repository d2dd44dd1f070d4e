import { loadAll } from "js-yaml";
import { isObject } from "../secrets";

/** What a cluster has had since it was made, and cannot get otherwise: addresses, certificates and kubeconfigs in it name it. */
export const clusterSettings = [
  ...(["podSubnet", "serviceSubnet", "dnsDomain", "nodeName", "nodeAddress"] as const),
  // its containers and images are the runtime's
  "criSocket",
] as const;

/** Those of {@link clusterSettings} that something tells. */
export type ClusterSettings = Readonly<Partial<Record<(typeof clusterSettings)[number], string>>>;

/** What kubeadm's configuration tells. */
export interface ConfiguredSettings extends ClusterSettings {
  readonly controlPlaneEndpoint?: string;
}

/** The settings in the text of kubeadm's configuration; none of a text that cannot be read. */
export function configuredSettings(config: string): ConfiguredSettings {
  const values = Object.assign({}, ...documentsOf(config)) as Record<string, unknown>;
  const { networking, localAPIEndpoint, nodeRegistration, controlPlaneEndpoint } = values;
  const { podSubnet, serviceSubnet, dnsDomain } = isObject(networking) ? networking : {};
  const nodeAddress = isObject(localAPIEndpoint) ? localAPIEndpoint.advertiseAddress : undefined;
  const { name: nodeName, criSocket } = isObject(nodeRegistration) ? nodeRegistration : {};
  return told({ podSubnet, serviceSubnet, dnsDomain, nodeName, nodeAddress, criSocket, controlPlaneEndpoint });
}

/** Texts of static pods and of kubelet's configuration; empty for one that is not there. */
export interface RunningTexts {
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly etcd: string;
  readonly kubelet: string;
}

/**
 * The settings in the flags of a control plane's static pods, and in the configuration of its kubelet. The API server has the domain too, in its issuer
 * of service accounts, but that the configuration may name otherwise.
 */
export function runningSettings({ apiServer, controllerManager, etcd, kubelet }: RunningTexts): ClusterSettings {
  const { clusterDomain, containerRuntimeEndpoint } = documentsOf(kubelet)[0] ?? {};
  return told({
    podSubnet: flag(controllerManager, "cluster-cidr"),
    serviceSubnet: flag(apiServer, "service-cluster-ip-range"),
    dnsDomain: clusterDomain,
    nodeName: flag(etcd, "name"),
    nodeAddress: flag(apiServer, "advertise-address"),
    criSocket: containerRuntimeEndpoint,
  });
}

/** The objects of a YAML text; none of one that cannot be read. */
function documentsOf(text: string): Record<string, unknown>[] {
  try {
    return loadAll(text).filter(isObject);
  } catch {
    return [];
  }
}

function flag(pod: string, name: string): string | undefined {
  return new RegExp(`^ *- --${name}=(\\S+)$`, "m").exec(pod)?.[1];
}

function told<Settings extends Record<string, unknown>>(settings: Settings): Partial<Record<keyof Settings, string>> {
  const texts = Object.entries(settings).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(texts) as Partial<Record<keyof Settings, string>>;
}
