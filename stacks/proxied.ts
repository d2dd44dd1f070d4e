import * as pulumi from "@pulumi/pulumi";
import type { BoardConfig } from "../components/board/config";
import type { DirectHosts } from "../components/board/proxy/environment";
import { packageMirrors } from "../components/board/packages/mirrors";
import { dockerProxy, k3sProxyFiles, packageProxy, serviceProxyFiles } from "../components/board/proxy/proxy";
import { clusterSetting, stackConfiguration } from "../components/k3s/configuration/files";
import type { Role } from "../components/k3s/configuration/flags";
import { unitNames } from "../components/k3s/unit";
import { containerdUnitName } from "../components/kubeadm/runtime/containerd";
import { registryEndpoint } from "../components/registry/registry";
import type * as board from "../provider";
import type { KubeadmStackConfig, StackConfig } from "./config";
import type { KubeadmMembers } from "./kubeadm-members";
import type { ClusterMembers } from "./members";

/** What of a stack is asked without the proxy: the cluster's networks and names, its nodes, the private registry. */
export function directHosts(
  { k3s, registry }: Pick<StackConfig, "k3s" | "registry">,
  { server, servers, agents }: Pick<ClusterMembers, "server" | "servers" | "agents">,
): DirectHosts {
  const { settings } = stackConfiguration(k3s);
  return {
    networks: ["cluster-cidr", "service-cidr"].flatMap((key) => settings.get(key)?.values ?? []),
    clusterDomain: clusterSetting(k3s, "cluster-domain"),
    nodes: [server, ...servers, ...agents].flatMap(({ address, name }) => [address, name]),
    ...(k3s.agentServer === undefined ? {} : { server: new URL(k3s.agentServer).hostname }),
    ...(registry === undefined ? {} : { registry: new URL(registryEndpoint(registry).url).hostname }),
  };
}

/** A board that knows its proxy, and where its packages are. */
export interface ProxiedBoard {
  /** What uses it waits until package managers know the proxy and the mirrors. */
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Files that k3s reads at its start. */
  readonly k3sFiles: readonly board.ServiceFileArgs[];
}

/** What {@link proxiedBoard} goes by. */
export interface ProxiedBoardArgs {
  readonly role: Role;
  readonly direct: DirectHosts;
  readonly packageManager: board.Facts["packageManager"];
}

/**
 * Tells a board's package manager of the proxy and of the mirrors of packages, where its configuration names them.
 *
 * @param name - what the names of the resources begin with.
 * @param packageManager - that the board has.
 * @returns what uses it waits until the package manager knows both.
 */
export function withPackageSources(
  name: string,
  { proxy, packageMirrors: mirrors }: Pick<BoardConfig, "proxy" | "packageMirrors">,
  packageManager: board.Facts["packageManager"],
  connection: pulumi.Output<board.ConnectionArgs>,
): pulumi.Output<board.ConnectionArgs> {
  const told = packageProxy(name, proxy, packageManager, connection);
  const files = packageMirrors(name, mirrors, connection);
  if (told === undefined && files.length === 0) return connection;
  // properties that a preview knows: else the connection would be unknown in it
  const proxied = told === undefined ? [] : ["path" in told ? told.path : told.kind];
  return pulumi.all<string>([...proxied, ...files.map(({ path }) => path)]).apply(() => connection);
}

/**
 * Tells a board's programs of the proxy and of the mirrors of packages, where its configuration names them.
 *
 * @param name - what the names of the resources begin with.
 * @param role - of the k3s on it.
 * @param packageManager - that the board has.
 */
export function proxiedBoard(
  name: string,
  config: Pick<BoardConfig, "proxy" | "packageMirrors">,
  { role, direct, packageManager }: ProxiedBoardArgs,
  connection: pulumi.Output<board.ConnectionArgs>,
): ProxiedBoard {
  dockerProxy(name, config.proxy, connection, direct);
  return {
    connection: withPackageSources(name, config, packageManager, connection),
    k3sFiles: k3sProxyFiles(unitNames[role], config.proxy, direct),
  };
}

/** A board of a kubeadm stack, and what {@link proxiedKubeadmBoard} goes by. */
export interface ProxiedKubeadmBoardArgs {
  readonly ofBoard: Pick<BoardConfig, "proxy" | "packageMirrors">;
  readonly members: KubeadmMembers;
  readonly packageManager: board.Facts["packageManager"];
  readonly reached: pulumi.Output<board.ConnectionArgs>;
}

/**
 * Tells package managers, Docker and the runtime of a board of a kubeadm stack of the proxy, where it has one.
 *
 * @param name - what the names of the resources begin with.
 */
export function proxiedKubeadmBoard(
  name: string,
  { kubeadm, registry }: Pick<KubeadmStackConfig, "kubeadm" | "registry">,
  { ofBoard, members, packageManager, reached }: ProxiedKubeadmBoardArgs,
): {
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Files that the runtime reads at its start. */
  readonly runtimeFiles: readonly board.ServiceFileArgs[];
} {
  const direct = {
    networks: [kubeadm.podSubnet, kubeadm.serviceSubnet],
    clusterDomain: kubeadm.dnsDomain,
    nodes: [members.server, ...members.workers].flatMap(({ address, name: node }) => [address, node]),
    ...(registry === undefined ? {} : { registry: new URL(registryEndpoint(registry).url).hostname }),
  };
  const { proxy } = ofBoard;
  const isDocker = kubeadm.runtime.kind === "cri-dockerd";
  // a service has one owner: where Docker is the runtime, the proxy's files are among the runtime's, whichever of the two users is named
  if (!isDocker) dockerProxy(name, proxy, reached, direct);
  return {
    connection: withPackageSources(name, ofBoard, packageManager, reached),
    runtimeFiles: isDocker
      ? serviceProxyFiles("docker", "/etc/docker/k3s-board-proxy.env", proxy, direct, ["k3s", "docker"])
      : serviceProxyFiles(containerdUnitName, "/etc/containerd/k3s-board-proxy.env", proxy, direct),
  };
}
