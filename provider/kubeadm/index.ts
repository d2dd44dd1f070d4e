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
  /** Name of the control plane's node: after a change this one has to be Ready, whatever the others are. */
  node: pulumi.Input<string>;
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

/** Where what a join needs of the cluster is asked. */
export interface JoinedClusterArgs {
  /** How to reach the control plane's board; always secret. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of an administrator's kubeconfig there. */
  kubeconfig: pulumi.Input<string>;
}

/** What a node of a cluster by kubeadm joins. */
interface NodeJoinArgs {
  /** How to reach the board that joins. */
  connection: pulumi.Input<ConnectionArgs>;
  /** The cluster. By itself never a reason for an update. */
  cluster: JoinedClusterArgs;
  /** Address of the API server for nodes: `https://192.0.2.7:6443`. Where it changes, the node joins anew. */
  server: pulumi.Input<string>;
  /** Name of the node. A change replaces the resource. */
  node: pulumi.Input<string>;
}

/** Arguments of {@link KubeadmJoin}. */
export interface KubeadmJoinArgs extends NodeJoinArgs {
  /** Path of kubeadm on the board; it resets the node. */
  kubeadm: pulumi.Input<string>;
  /** Address of the runtime, `unix:///…`; a reset asks it for the containers that go. */
  criSocket: pulumi.Input<string>;
  /** Seconds that the token is good for, from when it is made; {@link KubeadmJoined} makes them begin anew. Defaults to 900. */
  tokenSeconds?: pulumi.Input<number>;
}

/**
 * What a kubelet joins a cluster with: the cluster's CA, and a kubeconfig with a bootstrap token. It has to be there before kubelet starts, which has
 * to restart where {@link KubeadmJoin.attempt} changes. A board that has joined already gets neither. When it is deleted, kubeadm resets the node;
 * kubelet has to have stopped by then, and the runtime has to run.
 */
export class KubeadmJoin extends pulumi.CustomResource {
  /** Counts how often kubelet was given something to join with. */
  declare readonly attempt: pulumi.Output<string>;

  constructor(name: string, args: KubeadmJoinArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:KubeadmJoin", name, { ...joinInputs(args), attempt: undefined, lacking: undefined }, options);
  }
}

/** Arguments of {@link KubeadmJoined}. */
export interface KubeadmJoinedArgs extends NodeJoinArgs {
  /** {@link KubeadmJoin.attempt}. */
  attempt: pulumi.Input<string>;
  /** Whether the cluster gives nodes their parts of the network of pods, and this one's is waited for. Defaults to true. */
  getsPart?: pulumi.Input<boolean>;
  /** Seconds for kubelet to get its certificate; the token is good for as long. Defaults to 900. */
  timeoutSeconds?: pulumi.Input<number>;
}

/** A kubelet that has a certificate of its own: waited for, and then the token and the kubeconfig that it joined with go. */
export class KubeadmJoined extends pulumi.CustomResource {
  constructor(name: string, args: KubeadmJoinedArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:KubeadmJoined", name, { ...joinInputs(args), pending: undefined }, options);
  }
}

function joinInputs<Args extends NodeJoinArgs>(args: Args): Args {
  return { ...secretConnection(args), cluster: secretConnection(args.cluster) };
}
