import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { AgentConfig } from "../k3s/agent-config";
import { FlannelNetwork } from "./cni/flannel-network";
import type { PreparedNetwork } from "./cni/network";
import { adminKubeconfig } from "./configuration";
import { kubeletHealthUrl } from "./kubelet";
import { allocatesParts } from "./networks";
import { kubeletService, nodeBase, type KubeadmNodeArgs } from "./node";
import { nodeProgram } from "./programs";

/** Programs of Kubernetes that a worker has. kubeadm does not join it, but it resets it. */
export const workerPrograms = ["kubeadm", "kubelet"] as const;

/** Arguments of {@link KubeadmWorker}. */
export interface KubeadmWorkerArgs extends KubeadmNodeArgs {
  /** What the configuration says of its node. */
  readonly marks: Pick<AgentConfig, "labels" | "taints" | "drainTimeoutSeconds">;
  /** To the control plane's board, where what is done with the node in the cluster is done. */
  readonly controlPlane: pulumi.Input<board.ConnectionArgs>;
  /** Address of the API server for nodes: `https://192.0.2.7:6443`. */
  readonly server: string;
  /** The network of pods. */
  readonly network?: PreparedNetwork;
  /** What has to be there before it joins: the cluster with its network. */
  readonly beforeJoin: readonly pulumi.Resource[];
  /** The boot that our last reboot of its board ended; `undefined` where there is no reboot to be. */
  readonly formerBoot: pulumi.Output<string> | undefined;
}

/**
 * A worker on a board of its own: programs, runtime and kubelet as a control plane has them, and its node in the cluster. kubelet gets its certificate
 * by itself, with a token that is good for minutes; `kubeadm join` would start it outside of a transaction and leave files that nobody compares.
 *
 * What happens when it goes follows from what depends on what: the node is drained while kubelet runs, kubelet stops, kubeadm resets the node while
 * the runtime runs and the node's object is deleted, the runtime stops, the files go, and `-data` takes away what is left.
 */
export class KubeadmWorker extends pulumi.ComponentResource {
  /** The node, Ready; what depends on the worker being part of the cluster depends on it. */
  readonly node: pulumi.Resource;

  constructor(name: string, args: KubeadmWorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:kubeadm:KubeadmWorker", name, {}, opts);
    const { connection, config, node, programs, server, marks, beforeJoin, formerBoot } = args;
    const { startTimeoutSeconds } = config;
    const cluster = { connection: args.controlPlane, kubeconfig: adminKubeconfig };
    const member = { ...cluster, name: node.name };
    const joining = { connection, cluster, server, node: node.name };
    const base = nodeBase(name, args, this);
    const object = new board.NodeObject(`${name}-object`, member, { parent: this, dependsOn: [...beforeJoin] });
    const join = new board.KubeadmJoin(
      `${name}-join`,
      {
        ...joining,
        kubeadm: nodeProgram(programs, "kubeadm").path,
        criSocket: base.criSocket,
        tokenSeconds: startTimeoutSeconds,
      },
      { parent: this, dependsOn: [base.runtime, ...beforeJoin] },
    );
    const url = kubeletHealthUrl(config);
    const kubelet = kubeletService(name, args, {
      base,
      // a worker has no kubeconfig to ask the API server with, and its node is waited for afterwards
      health: url === undefined ? { kind: "active" } : { kind: "http", url },
      cluster: { ...cluster, node: node.name },
      restartTriggers: { join: join.attempt },
      after: [join, object],
      parent: this,
    });
    const joined = new board.KubeadmJoined(
      `${name}-joined`,
      { ...joining, attempt: join.attempt, getsPart: allocatesParts(config), timeoutSeconds: startTimeoutSeconds },
      { parent: this, dependsOn: [kubelet] },
    );
    this.node = new board.ClusterNode(
      `${name}-node`,
      {
        ...member,
        ...marks,
        service: "kubelet",
        timeoutSeconds: config.readyTimeoutSeconds,
        ...(formerBoot === undefined ? {} : { formerBoot }),
      },
      { parent: this, dependsOn: [joined, ...this.network(name, args, join, joined)] },
    );
    this.registerOutputs({});
  }

  /** What of the pods' network is a service of the node's; it asks the cluster as kubelet does. */
  private network(
    name: string,
    { connection, config, node, network }: KubeadmWorkerArgs,
    join: board.KubeadmJoin,
    joined: pulumi.Resource,
  ): pulumi.Resource[] {
    if (network?.kind !== "flannel") return [];
    const { podSubnet, startTimeoutSeconds } = config;
    const { config: flannel, program } = network;
    const restartTriggers = { join: join.attempt };
    const args = { connection, config: flannel, program, podSubnet, node, restartTriggers, startTimeoutSeconds };
    return [new FlannelNetwork(`${name}-network-flannel`, { ...args, after: [joined] }, { parent: this })];
  }
}
