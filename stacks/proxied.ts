import * as pulumi from "@pulumi/pulumi";
import type { BoardConfig } from "../components/board/config";
import type { DirectHosts } from "../components/board/proxy/environment";
import { dockerProxy, k3sProxyFiles, packageProxy } from "../components/board/proxy/proxy";
import { clusterSetting, stackConfiguration } from "../components/k3s/configuration/files";
import type { Role } from "../components/k3s/configuration/flags";
import { unitNames } from "../components/k3s/unit";
import { registryEndpoint } from "../components/registry/registry";
import type * as board from "../provider";
import type { StackConfig } from "./config";
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
    ...(registry === undefined ? {} : { registry: new URL(registryEndpoint(registry).url).hostname }),
  };
}

/** A board that knows its proxy. */
export interface ProxiedBoard {
  /** What uses it waits until package managers know the proxy. */
  readonly connection: pulumi.Output<board.ConnectionArgs>;
  /** Files that k3s reads at its start. */
  readonly k3sFiles: readonly board.ServiceFileArgs[];
}

/**
 * Tells a board's programs of the proxy, where its configuration names one.
 *
 * @param name - what the names of the resources begin with.
 * @param role - of the k3s on it.
 */
export function proxiedBoard(
  name: string,
  { proxy }: Pick<BoardConfig, "proxy">,
  { role, direct }: { readonly role: Role; readonly direct: DirectHosts },
  connection: pulumi.Output<board.ConnectionArgs>,
): ProxiedBoard {
  const packages = packageProxy(name, proxy, connection);
  dockerProxy(name, proxy, connection, direct);
  return {
    connection: packages === undefined ? connection : pulumi.all([packages.path, connection]).apply(([, c]) => c),
    k3sFiles: k3sProxyFiles(unitNames[role], proxy, direct),
  };
}
