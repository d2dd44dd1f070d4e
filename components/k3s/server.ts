import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { disabledComponents, type K3sConfig } from "./config";
import {
  agentServer,
  backupDirectory,
  dataDirectory,
  datastoreDirectory,
  k3sConfigFile,
  k3sPaths,
  snapshotDirectory,
  stackConfiguration,
} from "./configuration/files";
import { k3sNode, type K3sNodeArgs } from "./node";
import { k3sDropIn } from "./unit";
import { writtenFlags, writtenForServer } from "./written";

/** Arguments of {@link K3sServer}. */
export interface K3sServerArgs extends K3sNodeArgs {
  readonly config: K3sConfig;
  /** Address of the API server from outside, for the certificate. */
  readonly kubeconfigServer: string;
  /** Files that k3s reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** Starts an embedded etcd, which further servers join. */
  readonly clusterInit: boolean;
  /** Name of the server's node. */
  readonly node: string;
  /** What has to agree before anything of k3s is touched, its data among it. */
  readonly checks: readonly pulumi.Resource[];
}

/** A k3s server on the board: binary, unit, drop-in, configuration, registries, and the images that it has on the board itself. */
export class K3sServer extends pulumi.ComponentResource {
  /** The unit; what depends on a running k3s depends on it. */
  readonly service: board.SystemdService;

  constructor(name: string, args: K3sServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sServer", name, {}, opts);
    const { node, config } = args;
    // another node that is not Ready, of another stack perhaps, is no reason to take a change of the server back
    const health = { kind: "kubernetes" as const, kubeconfig: k3sPaths.kubeconfig, node };
    const token = configuredToken(`${name}-token`, args, this);
    const restartTriggers = token?.rotations.apply((count): Record<string, string> =>
      count ? { token: String(count) } : {},
    );
    const made = k3sNode(name, {
      ...args,
      checks: [...args.checks, ...(token === undefined ? [] : [token])],
      ...(restartTriggers === undefined ? {} : { restartTriggers }),
      role: "server",
      upgrade: { ...upgradeRules(args.config), embeddedEtcd: args.clusterInit || asksForEtcd(args.config) },
      ...datastoreCopies(args.config),
      begunDatastore: begunDatastore(args.config),
      flags: writtenFlags(writtenForServer(config, args.kubeconfigServer, ownKeys(args))),
      files: serverFiles(args),
      health,
      ...(config.drain
        ? {
            drain: {
              connection: args.connection,
              kubeconfig: k3sPaths.kubeconfig,
              node,
              timeoutSeconds: config.drainTimeoutSeconds,
            },
          }
        : {}),
      beforeStart: [],
      parent: this,
    });
    this.service = made.service;
    this.registerOutputs({});
  }
}

/** The token that the server is to have, where the configuration has one: another one than before is refused or rotated, before k3s is touched. */
function configuredToken(
  name: string,
  { connection, config }: K3sServerArgs,
  parent: pulumi.ComponentResource,
): board.TokenRotation | undefined {
  const { token, allowTokenRotation: allowRotation } = config;
  if (token === undefined) return undefined;
  const server = ownServer(config);
  const secretsFile = k3sPaths.secrets;
  const args = { connection, dataDir: dataDirectory(config), token, allowRotation, server, secretsFile };
  return new board.TokenRotation(name, args, { parent });
}

/** Keys that this program sets. */
function ownKeys({ delivery, clusterInit }: K3sServerArgs): Record<string, string | boolean> {
  return { ...delivery.k3sConfig, ...(clusterInit ? { "cluster-init": true } : {}) };
}

function serverFiles(args: K3sServerArgs): board.ServiceFileArgs[] {
  const { config, binary, kubeconfigServer, delivery, otherFiles } = args;
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
    { path: k3sPaths.config, content: k3sConfigFile(config, kubeconfigServer, ownKeys(args)), mode: "0600" },
    ...otherFiles,
  ];
}

function asksForEtcd(config: K3sConfig): boolean {
  return stackConfiguration(config).settings.get("cluster-init")?.values[0] === "true";
}

/** The datastore and where copies of it are; nothing for one that is elsewhere. */
function datastoreCopies(config: K3sConfig): Pick<board.SystemdServiceArgs, "datastoreCopies"> {
  const datastore = datastoreDirectory(config);
  const backups = backupDirectory(config);
  if (datastore === undefined) return {};
  return {
    datastoreCopies: { datastore, version: config.version, ...(backups === undefined ? {} : { backups }) },
  };
}

/** The datastore that the server's first start makes; `undefined` where it is elsewhere, or that of a cluster that the server joins. */
function begunDatastore(config: K3sConfig): string | undefined {
  const joined = stackConfiguration(config).settings.get("server")?.values[0] ?? "";
  return joined === "" ? datastoreDirectory(config) : undefined;
}

/** What holds when the binary is replaced by that of another version. */
export function upgradeRules(config: Pick<K3sConfig, "version" | "config" | "allowDowngrade">): {
  kind: "kubernetes";
  allowDowngrade: boolean;
  datastore?: string;
  restoreDatastore: boolean;
  server: string;
  snapshots?: string;
} {
  const { allowDowngrade } = config;
  const datastore = datastoreDirectory(config);
  const snapshots = snapshotDirectory(config);
  return {
    kind: "kubernetes",
    allowDowngrade: allowDowngrade !== false,
    ...(datastore === undefined ? {} : { datastore }),
    restoreDatastore: allowDowngrade === "restoreDatastore",
    server: ownServer(config),
    ...(snapshots === undefined ? {} : { snapshots }),
  };
}

/** Where a server answers on its own board. */
function ownServer({ version, config }: Pick<K3sConfig, "version" | "config">): string {
  return agentServer({ version, config }, "127.0.0.1");
}
