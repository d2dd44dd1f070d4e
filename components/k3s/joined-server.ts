import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { disabledComponents } from "./config";
import { k3sConfigFile, k3sPaths } from "./configuration/files";
import { type MemberArgs, memberNode, tokenFile } from "./member";
import { upgradeRules } from "./server";
import { type ServerConfig, serverKeys } from "./servers-config";
import { k3sDropIn } from "./unit";
import { writtenFlags, writtenForJoinedServer } from "./written";

/** Arguments of {@link K3sJoinedServer}. */
export interface K3sJoinedServerArgs extends MemberArgs {
  readonly config: ServerConfig;
  /** Address of the API server from outside, for the certificate. */
  readonly kubeconfigServer: string;
}

/**
 * A further k3s server on a board of its own: what the first one has, joined to its embedded etcd, and its node in the cluster.
 *
 * When it goes, its member leaves etcd after the node is drained and before k3s stops.
 */
export class K3sJoinedServer extends pulumi.ComponentResource {
  /** The node, Ready, and a voting member of etcd. */
  readonly node: pulumi.Resource;

  constructor(name: string, args: K3sJoinedServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sJoinedServer", name, {}, opts);
    const { config, k3s } = args;
    const { labels, taints, drainTimeoutSeconds } = config;
    const { version, skip, startTimeoutSeconds, onDestroy } = k3s;
    const keys = serverKeys(k3s, config);
    this.node = memberNode(name, {
      args,
      marks: { labels, taints, drainTimeoutSeconds },
      service: {
        role: "server",
        config: { version, skip, config: keys, startTimeoutSeconds, onDestroy },
        upgrade: upgradeRules({ ...k3s, config: keys }),
        flags: writtenFlags(
          writtenForJoinedServer({ ...k3s, config: keys }, args.node, args.kubeconfigServer, args.delivery.k3sConfig),
        ),
        files: joinedServerFiles(args, keys),
        health: { kind: "kubernetes", kubeconfig: k3sPaths.kubeconfig, node: args.node },
      },
      running: (service, member) =>
        new board.EtcdMember(
          `${name}-member`,
          { ...member, timeoutSeconds: k3s.readyTimeoutSeconds },
          { parent: this, dependsOn: [service] },
        ),
      parent: this,
    });
    this.registerOutputs({});
  }
}

function joinedServerFiles(
  { node, k3s, binary, kubeconfigServer, delivery, joining, otherFiles }: K3sJoinedServerArgs,
  keys: Readonly<Record<string, unknown>>,
): board.ServiceFileArgs[] {
  const own = {
    ...delivery.k3sConfig,
    "node-name": node,
    server: joining.server,
    "token-file": k3sPaths.serverToken,
  };
  const content = k3sConfigFile({ ...k3s, config: keys }, kubeconfigServer, own);
  return [
    {
      path: k3sPaths.dropIn,
      content: k3sDropIn({
        binary: binary.path,
        disable: disabledComponents(k3s),
        pauseImage: delivery.pauseImage,
        isForeignUnit: binary.kind === "installed",
      }),
    },
    { path: k3sPaths.config, content, mode: "0600" },
    tokenFile(k3sPaths.serverToken, joining),
    ...otherFiles,
  ];
}
