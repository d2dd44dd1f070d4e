import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, secretConnection } from "../connection-input";
import type { OnDestroy } from "./on-destroy";

/** Arguments of {@link K3sData}. */
export interface K3sDataArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** k3s's data directory. Defaults to `/var/lib/rancher/k3s`. */
  dataDir?: pulumi.Input<string>;
  /**
   * How deep its deletion goes. `keepData`: the data stays, so that a later stack continues the cluster. `remove`: all that was not there before
   * goes. `purge`: what was there before goes as well, and what CNI plugins left. The environment variable `K3S_BOARD_ON_DESTROY` of the run
   * goes before it. Defaults to `remove`.
   */
  onDestroy?: pulumi.Input<OnDestroy>;
}

/**
 * What k3s leaves on a host besides what we write: data, containers, mounts, network devices, firewall rules. Only remembers, until it is
 * deleted: then that goes, as deep as {@link K3sDataArgs.onDestroy} says.
 */
export class K3sData extends pulumi.CustomResource {
  declare readonly dataDir: pulumi.Output<string>;

  constructor(name: string, args: K3sDataArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:K3sData", name, { ...secretConnection(args), ours: undefined }, options);
  }
}

/** Arguments of {@link Manifest}. */
export interface ManifestArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path in k3s's auto-deploy directory. A change replaces the resource. */
  path: pulumi.Input<string>;
  /** YAML documents. */
  content: pulumi.Input<string>;
}

/** A manifest that k3s deploys by itself. Its objects stay when it is deleted; {@link ManifestObjects} takes them away. */
export class Manifest extends pulumi.CustomResource {
  declare readonly path: pulumi.Output<string>;

  constructor(name: string, args: ManifestArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:Manifest", name, secretConnection(args), options);
  }
}

/** Arguments of {@link ManifestObjects}. */
export interface ManifestObjectsArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of the kubeconfig on the board. */
  kubeconfig: pulumi.Input<string>;
  /** Name of the manifest's file without directory and extension. A change replaces the resource. */
  addon: pulumi.Input<string>;
  /** YAML documents. */
  content: pulumi.Input<string>;
  /** Seconds until objects that do not go are given up. Defaults to 180. */
  deletionTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * The objects of a manifest in the cluster: the API server is asked whether it takes them (a dry run) before the manifest's file is written,
 * and they are deleted after the file is. The {@link Manifest} has to depend on it for that.
 */
export class ManifestObjects extends pulumi.CustomResource {
  constructor(name: string, args: ManifestObjectsArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:ManifestObjects", name, { ...secretConnection(args), kinds: undefined }, options);
  }
}

/** Arguments of {@link ClusterReadiness}. */
export interface ClusterReadinessArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of the kubeconfig on the board. */
  kubeconfig: pulumi.Input<string>;
  /** Namespaces all of whose pods must be Ready or Completed. Defaults to kube-system. */
  namespaces?: pulumi.Input<pulumi.Input<string>[]>;
  /** Deployments, `namespace/name`, that must be there and available. */
  deployments?: pulumi.Input<pulumi.Input<string>[]>;
  /** The image that one of these deployments must ask for, by `namespace/name`. `docker.io/` in front counts for nothing. */
  images?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Manifests that k3s must have applied before anything else counts: SHA-256 (hex) of the content by the file's name without extension. */
  manifests?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Cluster DNS server, and a name that it must resolve. Without it DNS is not asked. */
  dns?: pulumi.Input<{ server: string; name: string }>;
  /** Seconds until the wait is given up. Defaults to 900. */
  timeoutSeconds?: pulumi.Input<number>;
  /** Values whose change makes the gate wait again. */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The gate at the end of an `up`: nodes Ready, system pods Ready, DNS answering. */
export class ClusterReadiness extends pulumi.CustomResource {
  /** Whether everything was Ready when it was last looked at. */
  declare readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ClusterReadinessArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:ClusterReadiness", name, { ...secretConnection(args), ready: undefined }, options);
  }
}

/** Arguments of {@link Kubeconfig}. */
export interface KubeconfigArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of the kubeconfig on the board. */
  path: pulumi.Input<string>;
  /** Address of the API server as it is reached from outside. */
  server: pulumi.Input<string>;
}

/** The administrator's kubeconfig, for use from outside. */
export class Kubeconfig extends pulumi.CustomResource {
  /** The kubeconfig. Secret. */
  declare readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: KubeconfigArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:Kubeconfig",
      name,
      { ...secretConnection(args), kubeconfig: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["kubeconfig"] }),
    );
  }
}

/** Arguments of {@link AgentToken} and {@link ServerToken}. */
export interface JoinTokenArgs {
  /** How to reach the server's board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** k3s's data directory there. */
  dataDir: pulumi.Input<string>;
  /** What the server's configuration says of tokens; where that changes, the token is read anew. Becomes a secret. Defaults to nothing. */
  configured?: pulumi.Input<string>;
}

/** The token with which nodes join, as the server has it, in the full form that pins the cluster's CA. */
abstract class JoinToken extends pulumi.CustomResource {
  /** The token, `K10…::<user>:<secret>`. Secret. */
  declare readonly token: pulumi.Output<string>;

  constructor(type: string, name: string, args: JoinTokenArgs, options?: pulumi.CustomResourceOptions) {
    super(
      type,
      name,
      { ...secretConnection(args), configured: pulumi.secret(args.configured ?? ""), token: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["token"] }),
    );
  }
}

/** The token with which agents join. */
export class AgentToken extends JoinToken {
  constructor(name: string, args: JoinTokenArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:AgentToken", name, args, options);
  }
}

/** The token with which further servers join. */
export class ServerToken extends JoinToken {
  constructor(name: string, args: JoinTokenArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:ServerToken", name, args, options);
  }
}

/** Arguments of {@link TokenRotation}. */
export interface TokenRotationArgs {
  /** How to reach the server's board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** k3s's data directory there. A change replaces the resource. */
  dataDir: pulumi.Input<string>;
  /** The token that the configuration has for the server. Becomes a secret. */
  token: pulumi.Input<string>;
  /** Consent to rotate the token of a server that has another one. Defaults to false: that is refused. */
  allowRotation?: pulumi.Input<boolean>;
  /** Where the server answers on its own board. Defaults to `https://127.0.0.1:6443`. */
  server?: pulumi.Input<string>;
  /** File of k3s's configuration that has the token: a rotation leaves the new one there at once. Defaults to none. */
  secretsFile?: pulumi.Input<string>;
}

/**
 * The server's token is the one of the configuration: another one is refused, or rotated. The service that runs the server has to depend on it, so
 * that the server runs with the former token until then.
 */
export class TokenRotation extends pulumi.CustomResource {
  /** How often the token has been rotated, as far as the stack knows: the server restarts for each. Nothing where that is not counted yet. */
  declare readonly rotations: pulumi.Output<number | undefined>;

  constructor(name: string, args: TokenRotationArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:TokenRotation",
      name,
      { ...secretConnection(args), token: pulumi.secret(args.token), rotations: undefined },
      pulumi.mergeOptions(options, { additionalSecretOutputs: ["token"] }),
    );
  }
}

/** A node, and where its cluster is asked about it. */
export interface NodeAccessArgs {
  /** To a board from which the API server is reached; always secret. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of a kubeconfig on that board, or its text, which is to be a secret. */
  kubeconfig: pulumi.Input<string>;
  /** Name of the node. */
  node: pulumi.Input<string>;
}

/** Arguments of {@link NodeObject}. */
export interface NodeObjectArgs {
  /** How to reach a board from which the API server is reached, a server's as a rule. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Path of a kubeconfig on that board, or its text, which is to be a secret. */
  kubeconfig: pulumi.Input<string>;
  /** Name of the node. A change replaces the resource. */
  name: pulumi.Input<string>;
}

/**
 * What a node leaves in the cluster when it goes: deleting this resource deletes the node's object. The service that runs the node has to depend on
 * it, so that it has stopped by then.
 */
export class NodeObject extends pulumi.CustomResource {
  constructor(name: string, args: NodeObjectArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:NodeObject", name, secretConnection(args), options);
  }
}

/** Arguments of {@link ClusterNode}. */
export interface ClusterNodeArgs extends NodeObjectArgs {
  /** Labels that the node is to have; those of others stay. Defaults to none. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Taints that the node is to have, each `key=value:effect` or `key:effect`; those of others stay. Defaults to none. */
  taints?: pulumi.Input<pulumi.Input<string>[]>;
  /** The service on its board whose journal says why it is not Ready, for an error. Defaults to `k3s-agent`. */
  service?: pulumi.Input<string>;
  /** Seconds for the node to become Ready. Defaults to 600. */
  timeoutSeconds?: pulumi.Input<number>;
  /** Seconds for its pods to leave when it goes; PodDisruptionBudgets are heeded for so long. Defaults to 300. */
  drainTimeoutSeconds?: pulumi.Input<number>;
  /** Whether the node stays when the resource is deleted, and is not drained then. Defaults to false. */
  stays?: pulumi.Input<boolean>;
  /**
   * Boot id of a boot that the node's board has left: that the node was Ready in it counts for nothing. Where it changes, the node is waited for
   * again. Defaults to none.
   */
  formerBoot?: pulumi.Input<string>;
}

/**
 * A node of the cluster: waited for until it is Ready, with labels and taints that are kept as they are wanted. When the resource is deleted, the
 * node is cordoned and drained. It has to depend on the service that runs the node, so that pods can end.
 */
export class ClusterNode extends pulumi.CustomResource {
  constructor(name: string, args: ClusterNodeArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:ClusterNode", name, secretConnection(args), options);
  }
}

/** Arguments of {@link DatastoreBackup}. */
export interface DatastoreBackupArgs {
  /** How to reach the board. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Name of the timer, and of the service that it starts, without the ending; both are there already. A change replaces the resource. */
  name: pulumi.Input<string>;
  /** `OnCalendar` of the timer; one that systemd does not understand is refused. */
  schedule: pulumi.Input<string>;
  /** Where the datastore is. An embedded etcd is refused: it has snapshots of its own. */
  datastore: pulumi.Input<string>;
  /** Where the copies are. */
  directory: pulumi.Input<string>;
  /** Checksums of the units: where one changes, systemd reads them again. Defaults to none. */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The timer of scheduled backups of a datastore, and the copies that it has made. */
export class DatastoreBackup extends pulumi.CustomResource {
  constructor(name: string, args: DatastoreBackupArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:DatastoreBackup", name, secretConnection(args), options);
  }
}

/** Arguments of {@link EtcdMember}. */
export interface EtcdMemberArgs extends NodeObjectArgs {
  /** Seconds for the server to become a voting member, and to leave. Defaults to 600. */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * A server's membership in the embedded etcd: waited for until it votes. When the resource is deleted, k3s takes the member out. It has to depend on
 * the service that runs the server, so that the server still runs by then.
 */
export class EtcdMember extends pulumi.CustomResource {
  constructor(name: string, args: EtcdMemberArgs, options?: pulumi.CustomResourceOptions) {
    super("board:index:EtcdMember", name, secretConnection(args), options);
  }
}
