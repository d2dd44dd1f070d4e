import type { CniConfig } from "../components/kubeadm/cni/config";
import { networkFiles, networkThere } from "../components/kubeadm/cni/network-there";
import type { KubeadmConfig } from "../components/kubeadm/config";
import type { NodeIdentity } from "../components/kubeadm/configuration";
import { kubeletPaths } from "../components/kubeadm/kubelet";
import { runtimeSockets, socketPath } from "../components/kubeadm/runtime/sockets";
import * as board from "../provider";
import {
  type ClusterSettings,
  clusterSettings,
  type ConfiguredSettings,
  configuredSettings,
  runningSettings,
} from "../provider/kubeadm/cluster-settings";
import { configuredVersion, runningVersion } from "../provider/kubeadm/cluster-version";
import { initRecord, kubeadmPaths, manifestPath } from "../provider/kubeadm/phases";
import { ConfigError, type ConfigProblem } from "./config";

/** What of the configuration a cluster that is there has to go with. */
export interface WantedCluster {
  readonly kubeadm: KubeadmConfig;
  /** The control plane's node. */
  readonly server: NodeIdentity;
  /** Names and addresses in the API server's certificate besides the node's. */
  readonly certSANs: readonly string[];
}

/**
 * Asks the control plane's board which cluster it has. The control plane would refuse another version too, but only when its turn comes: programs
 * and packages are replaced by then, and images pushed. Of what else a cluster cannot get, kubeadm says nothing, and writes it where it can.
 *
 * @throws ConfigError where the configuration's is another one.
 */
export async function refuseOtherCluster(wanted: WantedCluster, connection: board.ConnectionArgs): Promise<void> {
  const pods = ["kube-apiserver", "kube-controller-manager", "etcd"].map(manifestPath);
  const paths = [initRecord, kubeadmPaths.config, kubeletPaths.config, ...pods];
  const [files, bridge, flannel, manifest] = await Promise.all([
    Promise.all(paths.map((path) => board.getFile({ connection, path }))),
    board.getFile({ connection, path: networkFiles.bridge }),
    board.getFile({ connection, path: networkFiles.flannel }),
    board.getFile({ connection, path: networkFiles.manifest, mayBeLong: true }),
  ]);
  const [record, config = "", kubelet = "", apiServer = "", controllerManager, etcd = ""] = files.map(
    ({ content }) => content,
  );
  // what somebody else's init left is refused with the command that resets it, when the control plane is made
  if (record === undefined) return;
  const settled =
    // let in when the API server answers: before that an init may be gone on with otherwise
    controllerManager === undefined
      ? []
      : [
          ...otherNetwork(wanted, networkThere({ bridge, flannel, manifest })),
          ...otherSettings(
            wanted,
            configuredSettings(config),
            runningSettings({ apiServer, controllerManager, etcd, kubelet }),
          ),
        ];
  const problems = [...otherVersion(wanted, config, apiServer), ...settled];
  if (problems.length > 0) throw new ConfigError(problems);
}

function otherVersion({ kubeadm: { version } }: WantedCluster, config: string, apiServer: string): ConfigProblem[] {
  const there = configuredVersion(config);
  // one of the two by itself is a change by hand, or an init that was killed
  if (there === version || there !== runningVersion(apiServer)) return [];
  const reason = `the cluster has Kubernetes ${there}, and upgrades are not supported: set it to ${there}, or destroy the stack and make it anew with ${version}`;
  return [{ path: "kubeadm.version", reason }];
}

function otherNetwork({ kubeadm: { cni } }: WantedCluster, there: CniConfig["kind"] | undefined): ConfigProblem[] {
  if (there === undefined || there === cni.kind) return [];
  const reason = `the cluster was made with ${there}, and its pods, the devices of its nodes and their files are of it: set it to ${there}, or destroy the stack and make it anew with ${cni.kind}`;
  return [{ path: "kubeadm.cni.kind", reason }];
}

/** What a cluster that is there does with a setting of it. */
interface Kept {
  readonly path: string;
  /** Who names it, or has to do with it. */
  readonly why: string;
}

const kept: Readonly<Record<keyof ClusterSettings, Kept>> = {
  podSubnet: { path: "kubeadm.podSubnet", why: "its nodes have their parts of it" },
  serviceSubnet: { path: "kubeadm.serviceSubnet", why: "its services have their addresses in it" },
  dnsDomain: { path: "kubeadm.dnsDomain", why: "its pods and its DNS are configured with it" },
  nodeName: { path: "kubeadm.nodeName", why: "its etcd and the node's certificate name it" },
  nodeAddress: {
    path: "kubeadm.nodeAddress",
    why: "its certificates and kubeconfigs name it, and the board has to have it",
  },
  criSocket: { path: "kubeadm.runtime.kind", why: "the containers and images of its nodes are in it" },
};

/** The runtime that listens there, by the name that the configuration has for it. */
function runtimeAt(socket: string | undefined): string | undefined {
  if (socket === undefined) return undefined;
  const known = Object.entries(runtimeSockets).find(([, path]) => socketPath(path) === socketPath(socket));
  return known?.[0] ?? socket;
}

function otherSettings(
  { kubeadm, server, certSANs }: WantedCluster,
  configured: ConfiguredSettings,
  running: ClusterSettings,
): ConfigProblem[] {
  const { podSubnet, serviceSubnet, dnsDomain, runtime } = kubeadm;
  const wanted = {
    ...{ podSubnet, serviceSubnet, dnsDomain, criSocket: runtimeSockets[runtime.kind] },
    ...{ nodeName: server.name, nodeAddress: server.address },
  };
  const others = clusterSettings.flatMap((key) => {
    const shown = (value: string | undefined) => (key === "criSocket" ? runtimeAt(value) : value);
    // what runs is what the cluster has; where it does not tell, the configuration does
    const there = shown(running[key] ?? configured[key]);
    const isWanted = [running[key], configured[key]].some((value) => shown(value) === shown(wanted[key]));
    // one of the two by itself is a change by hand
    if (there === undefined || isWanted) return [];
    const { path, why } = kept[key];
    const reason = `the cluster was made with ${there}, and ${why}: set it to ${there}, or destroy the stack and make it anew with ${shown(wanted[key])}`;
    return [{ path, reason }];
  });
  return others.length > 0 ? others : formerEndpoint(kubeadm, configured, [server.address, ...certSANs]);
}

/** kubeadm leaves kubeconfigs as they are, and so their address has to stay a name of the API server's. */
function formerEndpoint(
  { controlPlaneEndpoint }: KubeadmConfig,
  { controlPlaneEndpoint: there }: ConfiguredSettings,
  names: readonly string[],
): ConfigProblem[] {
  const host = there?.replace(/:\d+$/, "");
  if (host === undefined || there === controlPlaneEndpoint || names.includes(host)) return [];
  const reason = `kubeconfigs of the cluster name ${there ?? ""}: set it to that, or put ${host} into kubeadm.certSANs and let it lead to the API server for as long as they are there`;
  return [{ path: "kubeadm.controlPlaneEndpoint", reason }];
}
