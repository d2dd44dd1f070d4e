import * as pulumi from "@pulumi/pulumi";
import type { DirectHosts } from "../components/board/proxy/environment";
import type { ClusterMembers } from "./members";
import type { StackConfig } from "./config";

/** What agents of another stack have to know of a cluster, and with what they join it. A secret as a whole. */
export interface JoinOutput {
  /** Address of the server for nodes that join: `https://192.0.2.7:6443`. */
  readonly server: string;
  /** The agents' token in its full form, which pins the cluster's CA. */
  readonly token: string;
  /** The k3s version of the servers. */
  readonly version: string;
  /** The administrator's kubeconfig: nodes are marked, drained and deleted with it. Its address is taken for {@link server}. */
  readonly kubeconfig: string;
  /** Networks of pods and services, which no proxy is asked for. */
  readonly networks: readonly string[];
  /** `cluster.local`. */
  readonly clusterDomain: string;
  /** The nodes of the server's stack: their names and their addresses in the cluster. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
}

/** What {@link joinOutput} is made from. */
export interface JoinOutputArgs {
  readonly members: ClusterMembers;
  readonly direct: DirectHosts;
  readonly token: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
}

/** The output of a server's stack by which agents of another stack join. */
export function joinOutput(
  { k3s }: Pick<StackConfig, "k3s">,
  { members, direct, token, kubeconfig }: JoinOutputArgs,
): pulumi.Output<JoinOutput> {
  const { server, servers, agents, agentServer } = members;
  const nodes = [server, ...servers, ...agents].map(({ name, address }) => ({ name, address }));
  const { networks, clusterDomain } = direct;
  return pulumi.secret(
    pulumi.all([token, kubeconfig]).apply(([agentsToken, text]) => ({
      server: agentServer,
      token: agentsToken,
      version: k3s.version,
      kubeconfig: text,
      networks,
      clusterDomain,
      nodes,
    })),
  );
}
