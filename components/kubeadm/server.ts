import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { networkParts, type PreparedNetwork } from "./cni/network";
import { adminKubeconfig, controlPlaneTaint, kubeadmConfiguration, superAdminKubeconfig } from "./configuration";
import { kubeletService, nodeBase, type KubeadmNodeArgs } from "./node";
import { nodeProgram } from "./programs";

/** Arguments of {@link KubeadmServer}. */
export interface KubeadmServerArgs extends KubeadmNodeArgs {
  /** Where images are taken from: `127.0.0.1:5000`. */
  readonly imageRepository: string;
  /** Where CoreDNS is taken from: `127.0.0.1:5000/coredns`. */
  readonly corednsRepository: string;
  /** Names and addresses for the API server's certificate. */
  readonly certSANs: readonly string[];
  /** The network of pods where it is no bridge. */
  readonly network?: PreparedNetwork;
}

/**
 * A control plane made by kubeadm on a board of its own: programs, the runtime, the network of the pods, certificates and static pods, kubelet, and
 * what kubeadm keeps in the cluster.
 *
 * What happens when it goes follows from what depends on what: kubelet stops, kubeadm resets the node while the runtime runs, the runtime stops, the
 * files go, and `-data` takes away what is left.
 */
export class KubeadmServer extends pulumi.ComponentResource {
  /** The cluster; what depends on a running Kubernetes depends on it. */
  readonly cluster: board.KubeadmCluster;

  constructor(name: string, args: KubeadmServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:kubeadm:KubeadmServer", name, {}, opts);
    const { connection, config, node, programs, network } = args;
    const base = nodeBase(name, args, this);
    const { criSocket } = base;
    const kubeadm = {
      connection,
      kubeadm: nodeProgram(programs, "kubeadm").path,
      config: kubeadmConfiguration({ ...args, criSocket }),
      node: node.name,
    };
    const controlPlane = new board.KubeadmControlPlane(
      `${name}-control-plane`,
      {
        ...kubeadm,
        criSocket,
        ignorePreflightErrors: config.ignorePreflightErrors,
        timeoutSeconds: config.startTimeoutSeconds,
      },
      { parent: this, dependsOn: [base.runtime] },
    );
    const service = kubeletService(name, args, {
      base,
      health: {
        kind: "kubernetes",
        kubeconfig: superAdminKubeconfig,
        node: node.name,
        ...(network === undefined ? {} : { networkLater: true }),
      },
      after: [controlPlane],
      parent: this,
    });
    this.cluster = new board.KubeadmCluster(
      `${name}-cluster`,
      { ...kubeadm, taints: config.untaint ? [] : [controlPlaneTaint] },
      { parent: this, dependsOn: [service] },
    );
    if (network !== undefined) {
      const { podSubnet, startTimeoutSeconds } = config;
      networkParts(
        `${name}-network`,
        {
          connection,
          network,
          podSubnet,
          node,
          kubectl: nodeProgram(programs, "kubectl").path,
          kubeconfig: adminKubeconfig,
          startTimeoutSeconds,
          after: [this.cluster],
        },
        this,
      );
    }
    this.registerOutputs({});
  }
}
