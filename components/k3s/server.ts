import * as pulumi from "@pulumi/pulumi";
import type * as board from "../../provider";
import { disabledComponents, type K3sConfig } from "./config";
import { datastoreDirectory, k3sConfigFile, k3sPaths } from "./configuration/files";
import { k3sNode, type K3sNodeArgs } from "./node";
import { k3sDropIn } from "./unit";

/** Arguments of {@link K3sServer}. */
export interface K3sServerArgs extends K3sNodeArgs {
  readonly config: K3sConfig;
  /** Address of the API server from outside, for the certificate. */
  readonly kubeconfigServer: string;
  /** Files that k3s reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** Name of the server's node, where there are others: the server is healthy when its own is. Defaults to all nodes. */
  readonly node?: string;
  /** What has to agree before anything of k3s is touched, its data among it. */
  readonly checks: readonly pulumi.Resource[];
}

/** A k3s server on the board: binary, unit, drop-in, configuration, registries, and the images that it has on the board itself. */
export class K3sServer extends pulumi.ComponentResource {
  /** The unit; what depends on a running k3s depends on it. */
  readonly service: board.SystemdService;

  constructor(name: string, args: K3sServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sServer", name, {}, opts);
    const { node } = args;
    const health = {
      kind: "kubernetes" as const,
      kubeconfig: k3sPaths.kubeconfig,
      ...(node === undefined ? {} : { node }),
    };
    const made = k3sNode(name, {
      ...args,
      role: "server",
      upgrade: upgradeRules(args.config),
      files: serverFiles(args),
      health,
      beforeStart: [],
      parent: this,
    });
    this.service = made.service;
    this.registerOutputs({});
  }
}

function serverFiles({
  config,
  binary,
  kubeconfigServer,
  delivery,
  otherFiles,
}: K3sServerArgs): board.ServiceFileArgs[] {
  return [
    {
      path: k3sPaths.dropIn,
      content: k3sDropIn({
        binary: binary.path,
        disable: disabledComponents(config),
        pauseImage: delivery.pauseImage,
        isForeignUnit: binary.kind === "installed",
      }),
    },
    { path: k3sPaths.config, content: k3sConfigFile(config, kubeconfigServer, delivery.k3sConfig), mode: "0600" },
    ...otherFiles,
  ];
}

/** What holds when the binary is replaced by that of another version. */
function upgradeRules(config: K3sConfig): board.ServiceProgramArgs["upgrade"] {
  const { allowDowngrade } = config;
  const datastore = datastoreDirectory(config);
  return {
    kind: "kubernetes",
    allowDowngrade: allowDowngrade !== false,
    ...(datastore === undefined ? {} : { datastore }),
    restoreDatastore: allowDowngrade === "restoreDatastore",
  };
}
