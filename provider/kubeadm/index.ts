import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, secretConnection } from "../connection-input";

/** Arguments of {@link KubeadmData}. */
export interface KubeadmDataArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
}

/**
 * What Kubernetes leaves on a host besides what we write: data, containers, mounts, network devices, firewall rules. Only remembers, until it is
 * deleted: then what was not there before goes.
 */
export class KubeadmData extends pulumi.CustomResource {
  constructor(name: string, args: KubeadmDataArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:KubeadmData", name, { ...secretConnection(args), ours: undefined }, options);
  }
}

/** Arguments of {@link KubeadmControlPlane}. */
export interface KubeadmControlPlaneArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of kubeadm on the board. */
  kubeadm: pulumi.Input<string>;
  /** Text of kubeadm's configuration; it becomes `/etc/kubernetes/kubeadm.yaml`. */
  config: pulumi.Input<string>;
  /** Address of the runtime, `unix:///…`; a reset asks it for the containers that go. */
  criSocket: pulumi.Input<string>;
  /** Checks of kubeadm that may fail, by its names. Defaults to none. */
  ignorePreflightErrors?: pulumi.Input<pulumi.Input<string>[]>;
  /** Seconds for the API server to answer again after a change; then the static pods of before come back. Defaults to 900. */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * A control plane as files: certificates, kubeconfigs and static pods, by the phases of `kubeadm init` that come before kubelet. When it is
 * deleted, kubeadm resets the node; kubelet has to have stopped by then, and the runtime has to run.
 */
export class KubeadmControlPlane extends pulumi.CustomResource {
  constructor(name: string, args: KubeadmControlPlaneArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:KubeadmControlPlane",
      name,
      { ...secretConnection(args), manifests: undefined, found: undefined },
      options,
    );
  }
}

/** Arguments of {@link KubeadmCluster}. */
export interface KubeadmClusterArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of kubeadm on the board. */
  kubeadm: pulumi.Input<string>;
  /** Text of kubeadm's configuration: a change of it is one of the cluster. */
  config: pulumi.Input<string>;
  /** Name of the control plane's node. */
  node: pulumi.Input<string>;
  /** Taints that this node is to have. Defaults to none. */
  taints?: pulumi.Input<pulumi.Input<string>[]>;
}

/** What kubeadm keeps in the cluster: its configuration, the rules by which nodes join, and the addons CoreDNS and kube-proxy. */
export class KubeadmCluster extends pulumi.CustomResource {
  constructor(name: string, args: KubeadmClusterArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:KubeadmCluster",
      name,
      { ...secretConnection(args), uploaded: undefined, found: undefined },
      options,
    );
  }
}
