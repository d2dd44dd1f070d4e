import type { KubeadmConfig } from "../components/kubeadm/config";
import type { NodeIdentity } from "../components/kubeadm/configuration";
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
  const files = await Promise.all(
    [initRecord, kubeadmPaths.config, ...pods].map((path) => board.getFile({ connection, path })),
  );
  const [record, config = "", apiServer = "", controllerManager, etcd = ""] = files.map(({ content }) => content);
  // what somebody else's init left is refused with the command that resets it, when the control plane is made
  if (record === undefined) return;
  const settled =
    // let in when the API server answers: before that an init may be gone on with otherwise
    controllerManager === undefined
      ? []
      : otherSettings(wanted, configuredSettings(config), runningSettings({ apiServer, controllerManager, etcd }));
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

/** Who names each setting in a cluster that is there. */
const named: Readonly<Record<keyof ClusterSettings, string>> = {
  podSubnet: "its nodes have their parts of it",
  serviceSubnet: "its services have their addresses in it",
  dnsDomain: "its pods and its DNS are configured with it",
  nodeName: "its etcd and the node's certificate name it",
  nodeAddress: "its certificates and kubeconfigs name it, and the board has to have it",
};

function otherSettings(
  { kubeadm, server, certSANs }: WantedCluster,
  configured: ConfiguredSettings,
  running: ClusterSettings,
): ConfigProblem[] {
  const { podSubnet, serviceSubnet, dnsDomain } = kubeadm;
  const wanted = { podSubnet, serviceSubnet, dnsDomain, nodeName: server.name, nodeAddress: server.address };
  const others = clusterSettings.flatMap((key) => {
    const there = configured[key];
    // one of the two by itself is a change by hand
    if (there === undefined || there === wanted[key] || there !== running[key]) return [];
    const reason = `the cluster was made with ${there}, and ${named[key]}: set it to ${there}, or destroy the stack and make it anew with ${wanted[key]}`;
    return [{ path: `kubeadm.${key}`, reason }];
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
