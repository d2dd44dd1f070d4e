import * as pulumi from "@pulumi/pulumi";
import type { DirectHosts } from "../components/board/proxy/environment";
import { dockerProxy, k3sProxyFiles, packageProxy } from "../components/board/proxy/proxy";
import { clusterSetting, stackConfiguration } from "../components/k3s/configuration/files";
import { registryEndpoint } from "../components/registry/registry";
import type * as board from "../provider";
import type { StackConfig } from "./config";
import { serverMember } from "./members";

/** What of a stack is asked without the proxy: the cluster's networks and names, the node, the private registry. */
export function directHosts({ board: config, k3s, registry }: StackConfig, facts: board.Facts): DirectHosts {
  const { settings } = stackConfiguration(k3s);
  const member = serverMember({ k3s, board: config }, facts);
  return {
    networks: ["cluster-cidr", "service-cidr"].flatMap((key) => settings.get(key)?.values ?? []),
    clusterDomain: clusterSetting(k3s, "cluster-domain"),
    nodes: [member.address, member.name],
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

/** Tells a board's programs of the proxy, where the configuration names one. */
export function proxiedBoard(
  name: string,
  config: StackConfig,
  facts: board.Facts,
  connection: pulumi.Output<board.ConnectionArgs>,
): ProxiedBoard {
  const { proxy } = config.board;
  const direct = directHosts(config, facts);
  const packages = packageProxy(name, proxy, connection);
  dockerProxy(name, proxy, connection, direct);
  return {
    connection: packages === undefined ? connection : pulumi.all([packages.path, connection]).apply(([, c]) => c),
    k3sFiles: k3sProxyFiles(proxy, direct),
  };
}
