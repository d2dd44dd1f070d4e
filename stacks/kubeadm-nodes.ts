import { showPlan } from "../components/images/show-plan";
import { preparedNetwork, type PreparedNetwork } from "../components/kubeadm/cni/network";
import type { KubeadmConfig } from "../components/kubeadm/config";
import { resolvedFile } from "../components/kubeadm/kubelet";
import { kubernetesPrograms } from "../components/kubeadm/program-builds";
import { type NodePrograms, nodePrograms } from "../components/kubeadm/programs";
import { type CriDockerd, criDockerd } from "../components/kubeadm/runtime/cri-dockerd-source";
import { type DockerOnBoard, dockerOnBoard } from "../components/kubeadm/runtime/docker";
import { workerPrograms } from "../components/kubeadm/worker";
import type { Architecture } from "../components/board/architecture";
import type { ManifestText } from "../components/manifests/manifests";
import { engineProgress } from "../components/progress";
import * as board from "../provider";
import type { CheckedBoard } from "./boards";
import type { KubeadmStackConfig } from "./config";
import { kubeadmImages, type KubeadmImages } from "./kubeadm-images";

/** What a node of a kubeadm stack is given, ready on this machine. Nothing has been sent yet. */
export interface PreparedKubeadmNode {
  /** The stack's section, with what this board needs. */
  readonly config: KubeadmConfig;
  readonly programs: NodePrograms;
  /** The network of pods where it is no bridge. */
  readonly network?: PreparedNetwork;
  /** Where the runtime is Docker. */
  readonly docker?: { readonly criDockerd: CriDockerd; readonly onBoard: DockerOnBoard };
  readonly images: KubeadmImages;
}

/** What decides what a node is given. */
export interface KubeadmNodeKind {
  readonly checked: CheckedBoard;
  readonly arch: Architecture;
  readonly isWorker: boolean;
}

/**
 * Prepares what nodes are given; images once for all nodes that are alike.
 *
 * @param workloads - the user's: what their pods run is looked at too.
 * @throws Error with what stands in the way. Nothing has been registered by then: a way that cannot work touches nothing.
 */
export function kubeadmPreparation(
  config: KubeadmStackConfig,
  workloads: readonly ManifestText[],
): (kind: KubeadmNodeKind) => Promise<PreparedKubeadmNode> {
  const planned = new Map<string, Promise<KubeadmImages>>();
  const progress = engineProgress();
  return async ({ checked: { connection, facts }, arch, isWorker }) => {
    const kubeadm = await withNameservers(config.kubeadm, connection);
    const names = isWorker ? workerPrograms : kubernetesPrograms;
    const programs = await nodePrograms(kubeadm, arch, progress, names);
    const network = await preparedNetwork(kubeadm, arch, progress);
    const docker =
      kubeadm.runtime.kind === "cri-dockerd"
        ? {
            criDockerd: await criDockerd(kubeadm.runtime.source, arch, progress),
            onBoard: await dockerOnBoard(connection),
          }
        : undefined;
    const kind = { arch, pageSize: facts.pageSize, isWorker };
    const key = JSON.stringify(kind);
    const ofNetwork = network?.kind === "calico" ? network.images : [];
    const images = planned.get(key) ?? kubeadmImages(config, { ...kind, progress, workloads, network: ofNetwork });
    if (!planned.has(key)) showPlan((await images).images);
    planned.set(key, images);
    return {
      config: kubeadm,
      programs,
      images: await images,
      ...(network === undefined ? {} : { network }),
      ...(docker === undefined ? {} : { docker }),
    };
  };
}

/** Where systemd-resolved runs, kubelet takes the nameservers from its file, as kubeadm has it; the configuration may name another one. */
async function withNameservers(kubeadm: KubeadmConfig, connection: board.ConnectionArgs): Promise<KubeadmConfig> {
  const { content } = await board.getFile({ connection, path: resolvedFile });
  return content === undefined ? kubeadm : { ...kubeadm, kubelet: { resolvConf: resolvedFile, ...kubeadm.kubelet } };
}
