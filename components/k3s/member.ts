import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { K3sConfig } from "./config";
import { type K3sNode, k3sNode, type K3sNodeArgs, type K3sNodeParts } from "./node";
import type { AgentConfig } from "./agent-config";

/** Where what is done with a node in the cluster is done. */
export interface ClusterAccess {
  /** To a board from which the API server is reached. */
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** Path of a kubeconfig on that board, or its text, which is secret. */
  readonly kubeconfig: pulumi.Input<string>;
}

/** How a node joins. */
export interface Joining {
  /** Address of the server for nodes that join: `https://192.0.2.7:6443`. */
  readonly server: string;
  /** The token in its full form; secret. */
  readonly token: pulumi.Output<string>;
  /** Not there where nobody may ask the API server: then the node is neither marked nor drained, and its object stays. */
  readonly cluster?: ClusterAccess;
}

/** What all nodes that join are made from. */
export interface MemberArgs extends K3sNodeArgs {
  /** Name of its node. */
  readonly node: string;
  /** The stack's `k3s` section, for what holds for all nodes. */
  readonly k3s: K3sConfig;
  readonly joining: Joining;
  /** Files that k3s reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** What has to be there before it starts, and may come after its images. */
  readonly beforeStart: readonly pulumi.Resource[];
  /** The boot that our last reboot of its board ended; `undefined` where there is no reboot to be. */
  readonly formerBoot: pulumi.Output<string> | undefined;
}

/** What {@link memberNode} makes a node of. */
export interface MemberParts {
  readonly args: MemberArgs;
  readonly marks: Pick<AgentConfig, "labels" | "taints" | "drainTimeoutSeconds">;
  readonly service: Pick<K3sNodeParts, "role" | "config" | "upgrade" | "flags" | "files" | "health">;
  /** What is made once the service runs, and goes before it stops. Defaults to nothing. */
  readonly running?: (service: board.SystemdService, member: ClusterAccess & { name: string }) => pulumi.Resource;
  readonly parent: pulumi.ComponentResource;
}

/**
 * A node on a board of its own, and its place in the cluster.
 *
 * What happens when it goes follows from what depends on what: the node is drained while k3s runs (`-node` depends on the service), what `running` made
 * goes, the service stops, then the node's object is deleted (the service depends on `-object`) and the host is cleaned.
 *
 * @returns what depends on the node being part of the cluster depends on it.
 */
export function memberNode(name: string, { args, marks, service, running, parent }: MemberParts): pulumi.Resource {
  const { cluster } = args.joining;
  const member = cluster === undefined ? undefined : { ...cluster, name: args.node };
  const object =
    member === undefined
      ? []
      : [new board.NodeObject(`${name}-object`, member, { parent, dependsOn: [...args.beforeStart] })];
  const made: K3sNode = k3sNode(name, {
    ...args,
    ...service,
    checks: [],
    ...(cluster === undefined ? {} : access({ ...cluster, node: args.node }, args, marks)),
    beforeStart: [...args.beforeStart, ...object],
    parent,
  });
  if (member === undefined) return made.service;
  const ran = running?.(made.service, member);
  return new board.ClusterNode(
    `${name}-node`,
    {
      ...member,
      ...marks,
      timeoutSeconds: args.k3s.readyTimeoutSeconds,
      ...(args.formerBoot === undefined ? {} : { formerBoot: args.formerBoot }),
    },
    // the images that are only names in containerd are there while pods run
    { parent, dependsOn: [made.service, ...made.contained, ...(ran === undefined ? [] : [ran])] },
  );
}

/** What the service knows of its node: how it is drained, where it is, else where it is asked about. */
function access(
  node: board.NodeAccessArgs,
  { k3s }: Pick<MemberArgs, "k3s">,
  { drainTimeoutSeconds }: MemberParts["marks"],
): Pick<K3sNodeParts, "drain" | "cluster"> {
  return k3s.drain ? { drain: { ...node, timeoutSeconds: drainTimeoutSeconds } } : { cluster: node };
}

/** The file that holds the token by which a node joins. */
export function tokenFile(path: string, { token }: Joining): board.ServiceFileArgs {
  return { path, content: pulumi.secret(pulumi.interpolate`${token}\n`), mode: "0600" };
}
