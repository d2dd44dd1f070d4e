import { loadAll } from "js-yaml";
import { isObject } from "../secrets";

/** What a cluster has had since it was made, and cannot get otherwise: addresses, certificates and kubeconfigs in it name it. */
export const clusterSettings = ["podSubnet", "serviceSubnet", "dnsDomain", "nodeName", "nodeAddress"] as const;

/** Those of {@link clusterSettings} that something tells. */
export type ClusterSettings = Readonly<Partial<Record<(typeof clusterSettings)[number], string>>>;

/** What kubeadm's configuration tells. */
export interface ConfiguredSettings extends ClusterSettings {
  readonly controlPlaneEndpoint?: string;
}

/** The settings in the text of kubeadm's configuration; none of a text that cannot be read. */
export function configuredSettings(config: string): ConfiguredSettings {
  let documents: unknown[];
  try {
    documents = loadAll(config);
  } catch {
    return {};
  }
  const values = Object.assign({}, ...documents.filter(isObject)) as Record<string, unknown>;
  const { networking, localAPIEndpoint, nodeRegistration, controlPlaneEndpoint } = values;
  const { podSubnet, serviceSubnet, dnsDomain } = isObject(networking) ? networking : {};
  const nodeAddress = isObject(localAPIEndpoint) ? localAPIEndpoint.advertiseAddress : undefined;
  const nodeName = isObject(nodeRegistration) ? nodeRegistration.name : undefined;
  return told({ podSubnet, serviceSubnet, dnsDomain, nodeName, nodeAddress, controlPlaneEndpoint });
}

/** Texts of static pods; empty for one that is not there. */
export interface StaticPodTexts {
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly etcd: string;
}

/** The settings in the flags of a control plane's static pods. */
export function runningSettings({ apiServer, controllerManager, etcd }: StaticPodTexts): ClusterSettings {
  const issuer = flag(apiServer, "service-account-issuer");
  return told({
    podSubnet: flag(controllerManager, "cluster-cidr"),
    serviceSubnet: flag(apiServer, "service-cluster-ip-range"),
    dnsDomain: issuer?.match(/^https:\/\/kubernetes\.default\.svc\.(.+)$/)?.[1],
    nodeName: flag(etcd, "name"),
    nodeAddress: flag(apiServer, "advertise-address"),
  });
}

function flag(pod: string, name: string): string | undefined {
  return new RegExp(`^ *- --${name}=(\\S+)$`, "m").exec(pod)?.[1];
}

function told<Settings extends Record<string, unknown>>(settings: Settings): Partial<Record<keyof Settings, string>> {
  const texts = Object.entries(settings).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(texts) as Partial<Record<keyof Settings, string>>;
}
