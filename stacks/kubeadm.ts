import type * as pulumi from "@pulumi/pulumi";
import { openingsOf } from "../components/board/prerequisites/ports";
import { dockerProxy, serviceProxyFiles } from "../components/board/proxy/proxy";
import { Hooks } from "../components/hooks/hooks";
import { showPlan } from "../components/images/show-plan";
import { preparedNetwork } from "../components/kubeadm/cni/network";
import type { KubeadmConfig } from "../components/kubeadm/config";
import { adminKubeconfig, type NodeIdentity } from "../components/kubeadm/configuration";
import { clusterDns, resolvedFile } from "../components/kubeadm/kubelet";
import { nodePrograms } from "../components/kubeadm/programs";
import { KubeadmServer } from "../components/kubeadm/server";
import { containerdUnitName } from "../components/kubeadm/runtime/containerd";
import { criDockerd } from "../components/kubeadm/runtime/cri-dockerd-source";
import { dockerOnBoard } from "../components/kubeadm/runtime/docker";
import { readManifests } from "../components/manifests/manifests";
import { manifestProblems } from "../components/manifests/validate";
import { engineProgress } from "../components/progress";
import { neededPackages } from "../components/pulumi-packages";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import { checkedBoards } from "./boards";
import { ConfigError, type KubeadmStackConfig } from "./config";
import type { K3sServerOutputs } from "./k3s-server";
import { kubeadmImages } from "./kubeadm-images";
import { withPackageSources } from "./proxied";
import { filledRegistry, readyBoard } from "./ready-board";

/** What a kubeadm stack tells. */
export type KubeadmOutputs = Omit<K3sServerOutputs, "servers" | "agents" | "join">;

/**
 * One board as a cluster made by kubeadm: registry, images, runtime, network, control plane, and the gate at the end.
 *
 * Everything that can be wrong without the board, and everything that the board says of itself, is checked before the first resource is registered.
 *
 * @throws Error with every reason why this board cannot take this configuration.
 */
export async function kubeadmStack(config: KubeadmStackConfig): Promise<KubeadmOutputs> {
  const { arch } = config.board;
  const workloads = checkedWorkloads(config);
  const checked = (await checkedBoards(new Map([["board", { board: config.board }]]))).get("board");
  if (checked === undefined) throw new Error("the board was not looked at");
  const { facts } = checked;
  const kubeadm = await withNameservers(config.kubeadm, checked.connection);
  const progress = engineProgress();
  const programs = await nodePrograms(kubeadm, arch, progress);
  const network = await preparedNetwork(kubeadm, arch, progress);
  const docker =
    kubeadm.runtime.kind === "cri-dockerd"
      ? {
          criDockerd: await criDockerd(kubeadm.runtime.source, arch, progress),
          onBoard: await dockerOnBoard(checked.connection),
        }
      : undefined;
  const images = await kubeadmImages(config, {
    pageSize: facts.pageSize,
    progress,
    workloads,
    network: network?.kind === "calico" ? network.images : [],
  });
  showPlan(images.images);
  const node = nodeIdentity(config, facts);

  const hooks = new Hooks(config.hooks, checked.connection);
  const openings = openingsOf("kubeadm control plane", [kubeadm.podSubnet, kubeadm.serviceSubnet]);
  const { connection: reached, rebooted, resources } = readyBoard("board", config.board, checked.connection, openings);
  hooks.done(resources);
  const { connection, runtimeFiles } = proxied(config, node, facts.packageManager, reached);
  const filled = await filledRegistry({
    connection,
    config: config.registry,
    arch,
    node: { delivery: images },
    hooks,
  });
  if (filled.registry === undefined) throw new Error("a kubeadm stack needs a private registry");
  const kubeconfigServer = kubeadm.kubeconfigServer ?? `https://${config.board.host}:6443`;
  const server = new KubeadmServer("kubeadm", {
    connection,
    config: kubeadm,
    node,
    programs,
    ...images,
    registry: filled.registry,
    certSANs: certSANs(config, kubeconfigServer),
    otherFiles: runtimeFiles,
    ...(docker === undefined ? {} : { docker }),
    ...(network === undefined ? {} : { network }),
    after: [...filled.resources, ...hooks.before("k3s")],
  });
  hooks.done([server]);
  const ready = new board.ClusterReadiness(
    "ready",
    {
      connection,
      kubeconfig: adminKubeconfig,
      deployments: ["kube-system/coredns"],
      dns: { server: clusterDns(kubeadm.serviceSubnet), name: `kubernetes.default.svc.${kubeadm.dnsDomain}` },
      timeoutSeconds: kubeadm.readyTimeoutSeconds,
      triggers: {
        ...Object.fromEntries(images.images.map(({ name, digest }) => [name, digest])),
        ...(rebooted === undefined ? {} : { reboot: rebooted }),
      },
    },
    { dependsOn: [server, ...hooks.before("ready")] },
  );
  const { kubeconfig } = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: adminKubeconfig, server: kubeconfigServer },
    { dependsOn: [ready] },
  );
  hooks.done([ready]);
  const deployed = { workloads, kubeconfig, after: [ready, ...hooks.before("workloads")] };
  hooks.done(workloads.length === 0 ? [] : [new Workloads("workload", deployed)]);
  hooks.afterAll();
  return {
    kubeconfig,
    board: { hostname: facts.hostname, arch, kernel: facts.kernel, os: facts.os },
    images: Object.fromEntries(images.images.map(({ name, digest }) => [name, digest])),
  };
}

/** Where systemd-resolved runs, kubelet takes the nameservers from its file, as kubeadm has it; the configuration may name another one. */
async function withNameservers(kubeadm: KubeadmConfig, connection: board.ConnectionArgs): Promise<KubeadmConfig> {
  const { content } = await board.getFile({ connection, path: resolvedFile });
  return content === undefined ? kubeadm : { ...kubeadm, kubelet: { resolvConf: resolvedFile, ...kubeadm.kubelet } };
}

function checkedWorkloads({ workloads, hooks }: KubeadmStackConfig) {
  const wrong = [...manifestProblems({}, workloads, []), ...neededPackages({ hooks, workloads })];
  if (wrong.length > 0) throw new ConfigError(wrong);
  return readManifests(workloads);
}

/** The node as kubelet would name it, unless the configuration does. @throws ConfigError where nothing tells its address. */
function nodeIdentity({ kubeadm, board: { prerequisites } }: KubeadmStackConfig, facts: board.Facts): NodeIdentity {
  const address = kubeadm.nodeAddress ?? facts.address;
  if (address === "") {
    const reason = "is needed: the board has no default route that tells its address";
    throw new ConfigError([{ path: "kubeadm.nodeAddress", reason }]);
  }
  return { name: kubeadm.nodeName ?? prerequisites?.hostname ?? facts.hostname.toLowerCase(), address };
}

/** Names and addresses that the API server is reached by from outside, each once. */
function certSANs({ kubeadm, board: { host } }: KubeadmStackConfig, kubeconfigServer: string): string[] {
  const names = [host, new URL(kubeconfigServer).hostname.replace(/^\[|\]$/g, ""), ...kubeadm.certSANs];
  return [...new Set(names)].sort();
}

/** Tells package managers, Docker and the runtime of the board's proxy, where it has one. */
function proxied(
  { kubeadm, board: ofBoard, registry }: KubeadmStackConfig,
  node: NodeIdentity,
  packageManager: board.Facts["packageManager"],
  reached: pulumi.Output<board.ConnectionArgs>,
): { connection: pulumi.Output<board.ConnectionArgs>; runtimeFiles: readonly board.ServiceFileArgs[] } {
  const direct = {
    networks: [kubeadm.podSubnet, kubeadm.serviceSubnet],
    clusterDomain: kubeadm.dnsDomain,
    nodes: [node.address, node.name],
    ...(registry?.kind === "board" ? { registry: registry.listen } : {}),
  };
  const { proxy } = ofBoard;
  const isDocker = kubeadm.runtime.kind === "cri-dockerd";
  // a service has one owner: where Docker is the runtime, the proxy's files are among the runtime's
  if (!isDocker) dockerProxy("board", proxy, reached, direct);
  return {
    connection: withPackageSources("board", ofBoard, packageManager, reached),
    runtimeFiles: isDocker
      ? serviceProxyFiles("docker", "/etc/docker/k3s-board-proxy.env", proxy, direct)
      : serviceProxyFiles(containerdUnitName, "/etc/containerd/k3s-board-proxy.env", proxy, direct),
  };
}
