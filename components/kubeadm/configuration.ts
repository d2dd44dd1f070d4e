import { dump } from "js-yaml";
import { urlHost } from "../../provider/url-host";
import type { KubeadmConfig } from "./config";
import { kubeletConfiguration } from "./kubelet";
import { releaseTags } from "./image-table";
import { minorOf } from "./versions";

/** What of a cluster kubeadm's configuration is made from, besides the stack's own. */
export interface ConfigurationArgs {
  readonly config: KubeadmConfig;
  readonly node: NodeIdentity;
  /** Where images are taken from: `127.0.0.1:5000`. */
  readonly imageRepository: string;
  /** Where CoreDNS is taken from. */
  readonly corednsRepository: string;
  /** Address of the runtime: `unix:///run/containerd/containerd.sock`. */
  readonly criSocket: string;
  /** Names and addresses for the API server's certificate. */
  readonly certSANs: readonly string[];
}

/** The node as the cluster knows it. */
export interface NodeIdentity {
  readonly name: string;
  readonly address: string;
}

/** The administrator's kubeconfig. */
export const adminKubeconfig = "/etc/kubernetes/admin.conf";

/** The kubeconfig that works before anything is in the cluster; the administrator's gets its rights there. */
export const superAdminKubeconfig = "/etc/kubernetes/super-admin.conf";

/** The taint that keeps ordinary pods away from the control plane's node. */
export const controlPlaneTaint = "node-role.kubernetes.io/control-plane:NoSchedule";

/** Address of the API server for nodes that join: the stable one, where the configuration has one. */
export function apiServer(
  { controlPlaneEndpoint }: Pick<KubeadmConfig, "controlPlaneEndpoint">,
  { address }: Pick<NodeIdentity, "address">,
): string {
  const endpoint = controlPlaneEndpoint ?? urlHost(address);
  return `https://${/^(\[.*\]|[^:]*):\d+$/.test(endpoint) ? endpoint : `${endpoint}:6443`}`;
}

/**
 * How long who leads may be silent. Nobody takes over from a control plane that is alone, and with 15 s, the default, controller manager and
 * scheduler end themselves whenever a slow board's API server is busy.
 */
const patientElection = {
  "leader-elect-lease-duration": "90s",
  "leader-elect-renew-deadline": "60s",
  "leader-elect-retry-period": "6s",
} as const;

/** A node on a slow board reports late: {@link kubeletConfiguration} has its lease. */
const patientController = { ...patientElection, "node-monitor-grace-period": "2m0s" } as const;

/** etcd's patience as k3s has it (heartbeats each 500 ms, an election after 5 s), for the disks of boards. */
const patientEtcd = { "heartbeat-interval": "500", "election-timeout": "5000" } as const;

/** Version of kubeadm's configuration that a Kubernetes version takes: v1beta4 came with 1.31. */
export function configurationVersion(version: string): "v1beta3" | "v1beta4" {
  return (minorOf(version) ?? 0) >= 31 ? "v1beta4" : "v1beta3";
}

/** Flags as v1beta4 (a list) and v1beta3 (a map) have them. */
function flags(args: Readonly<Record<string, string>>, isList: boolean): object {
  if (Object.keys(args).length === 0) return {};
  const sorted = Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    extraArgs: isList ? sorted.map(([name, value]) => ({ name, value })) : Object.fromEntries(sorted),
  };
}

/** Whether kubeadm of a Kubernetes version can be told what kind of keys to make. */
export function choosesEncryption(version: string): boolean {
  return configurationVersion(version) === "v1beta4";
}

/** Why kubeadm of a Kubernetes version does not make a kind of keys; `undefined` where it does. */
export function encryptionProblem(
  version: string,
  algorithm: KubeadmConfig["encryptionAlgorithm"],
): string | undefined {
  if (algorithm === undefined) return undefined;
  if (!choosesEncryption(version)) return `kubeadm of ${version} makes keys of RSA-2048: it can be told from 1.31 on`;
  return algorithm === "ECDSA-P384" && (minorOf(version) ?? 0) < 34
    ? `kubeadm of ${version} knows no ECDSA-P384: it came with 1.34`
    : undefined;
}

/** The documents of kubeadm's configuration, as objects. Pure: the same stack gives the same. */
export function kubeadmDocuments(args: ConfigurationArgs): readonly Readonly<Record<string, unknown>>[] {
  const { config, node, imageRepository, corednsRepository, criSocket, certSANs } = args;
  const apiVersion = `kubeadm.k8s.io/${configurationVersion(config.version)}`;
  const isList = apiVersion.endsWith("v1beta4");
  const { etcd, coredns } = releaseTags(config.version);
  const seconds = `${config.startTimeoutSeconds}s`;
  return [
    {
      apiVersion,
      kind: "InitConfiguration",
      // the token that kubeadm makes at any rate is of no use here: nodes join with one of their own
      bootstrapTokens: [{ ttl: "1m0s", usages: ["signing", "authentication"] }],
      localAPIEndpoint: { advertiseAddress: node.address, bindPort: 6443 },
      nodeRegistration: {
        name: node.name,
        criSocket,
        ...(config.untaint ? { taints: [] } : {}),
        ...(config.ignorePreflightErrors.length === 0 ? {} : { ignorePreflightErrors: config.ignorePreflightErrors }),
      },
      ...(isList ? { timeouts: { controlPlaneComponentHealthCheck: seconds, kubernetesAPICall: "5m0s" } } : {}),
    },
    {
      apiVersion,
      kind: "ClusterConfiguration",
      kubernetesVersion: config.version,
      ...(choosesEncryption(config.version) ? { encryptionAlgorithm: config.encryptionAlgorithm ?? "ECDSA-P256" } : {}),
      imageRepository,
      ...(config.controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint: config.controlPlaneEndpoint }),
      networking: {
        podSubnet: config.podSubnet,
        serviceSubnet: config.serviceSubnet,
        dnsDomain: config.dnsDomain,
      },
      apiServer: {
        certSANs: [...certSANs],
        ...flags(config.apiServerArgs, isList),
        ...(isList ? {} : { timeoutForControlPlane: seconds }),
      },
      controllerManager: flags({ ...patientController, ...config.controllerManagerArgs }, isList),
      scheduler: flags({ ...patientElection, ...config.schedulerArgs }, isList),
      dns: { imageRepository: corednsRepository, imageTag: coredns },
      etcd: {
        local: { dataDir: "/var/lib/etcd", imageTag: etcd, ...flags({ ...patientEtcd, ...config.etcdArgs }, isList) },
      },
    },
    kubeletConfiguration(config, criSocket),
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clusterCIDR: config.podSubnet,
      ...config.kubeProxy,
    },
  ];
}

/** kubeadm's configuration file. */
export function kubeadmConfiguration(args: ConfigurationArgs): string {
  return kubeadmDocuments(args)
    .map((document) => dump(document, { lineWidth: -1 }))
    .join("---\n");
}
