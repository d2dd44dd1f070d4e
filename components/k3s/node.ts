import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { ContainedImage, Delivery } from "../images/delivery/delivery";
import { pauseArchive } from "../images/delivery/pause";
import type { ReadyArchive } from "../images/delivery/ready-archives";
import type { Registry } from "../registry/registry";
import type { K3sBinary } from "./binary";
import type { K3sConfig } from "./config";
import { askedFlags } from "./configuration/asked";
import { dataDirectory, k3sPaths, k3sSecretsFile } from "./configuration/files";
import type { Role } from "./configuration/flags";
import { containerdDropIn } from "./containerd";
import { programData } from "./program-data";
import { registriesYaml } from "./registries";
import { k3sUnit, unitNames } from "./unit";

/** Where k3s's containerd listens, whatever its data directory. */
const containerdSocket = "unix:///run/k3s/containerd/containerd.sock";

/** What servers and agents have in common. */
export interface K3sNodeArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly binary: K3sBinary;
  /** What k3s's files say of images, and what is looked after in its containerd. */
  readonly delivery: Pick<Delivery, "mirrored" | "k3sConfig" | "pauseImage" | "contained">;
  /** The delivery's archives. */
  readonly archives: readonly ReadyArchive[];
  /** The private registry as this node reaches it, where there is one. */
  readonly registry?: Registry;
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** What {@link k3sNode} makes of it. */
export interface K3sNodeParts extends K3sNodeArgs {
  readonly role: Role;
  readonly config: Pick<K3sConfig, "version" | "config" | "startTimeoutSeconds" | "onDestroy"> &
    Partial<Pick<K3sConfig, "token" | "skip">>;
  /** What holds when the binary is replaced by that of another version, a package's too. */
  readonly upgrade: board.ServiceUpgradeArgs;
  /** The datastore and its copies, where one can take its place. */
  readonly datastoreCopies?: board.SystemdServiceArgs["datastoreCopies"];
  /** The datastore that begins with the first start, where it is the node's own. Defaults to none. */
  readonly begunDatastore?: string | undefined;
  /** How the node is drained before its k3s restarts. Defaults to not at all. */
  readonly drain?: board.ServiceDrainArgs;
  /** The node, where its cluster is asked about it elsewhere than here. Defaults to what `drain` or `health` says. */
  readonly cluster?: board.NodeAccessArgs;
  /** What it restarts for besides. Defaults to nothing. */
  readonly restartTriggers?: pulumi.Input<Record<string, string>>;
  /** Names of the flags that k3s is started with, by its files and its command line. */
  readonly flags: readonly string[];
  /** Files of this role, besides those that all nodes have. */
  readonly files: readonly board.ServiceFileArgs[];
  readonly health: board.HealthArgs;
  /** What has to agree before anything of k3s is touched, its data among it. */
  readonly checks: readonly pulumi.Resource[];
  /** What has to be there before the service starts or a package brings another k3s, and may come after its data. */
  readonly beforeStart: readonly pulumi.Resource[];
  readonly parent: pulumi.ComponentResource;
}

/** A k3s on a board: its data, its binary, its archives, its service, and the images in its containerd. */
export interface K3sNode {
  readonly service: board.SystemdService;
  /** Images that containerd has under a name once it runs. */
  readonly contained: readonly board.ContainerdImage[];
}

/**
 * Makes the parts of a k3s on a board.
 *
 * @param name - what their names begin with.
 */
export function k3sNode(name: string, args: K3sNodeParts): K3sNode {
  const { connection, config, binary, archives, role } = args;
  const child = { parent: args.parent };
  const dataDir = dataDirectory(config, role);
  const data = new board.K3sData(
    `${name}-data`,
    { connection, dataDir, onDestroy: config.onDestroy },
    { ...child, dependsOn: [...args.checks] },
  );
  const installed =
    binary.kind === "package"
      ? new board.Package(
          `${name}-package`,
          {
            connection,
            name: binary.name,
            ...(binary.version === undefined ? {} : { version: binary.version }),
            upgrade: { kind: args.upgrade.kind, allowDowngrade: args.upgrade.allowDowngrade },
          },
          // the package manager puts another binary in the place of the one that runs: servers before agents, one node after the other
          { ...child, dependsOn: [...args.checks, ...args.beforeStart] },
        )
      : undefined;
  const archiveFiles = archives.map(
    ({ name: archive, file, source }) =>
      new board.File(
        `${name}-${archive}-archive`,
        { connection, path: `${dataDir}/agent/images/${file}`, source, mode: "0644" },
        { ...child, dependsOn: [data] },
      ),
  );
  const skips = (config.skip ?? []).map(
    (component) =>
      new board.File(
        `${name}-skip-${component}`,
        { connection, path: `${dataDir}/server/manifests/${component}.yaml.skip`, content: "", mode: "0600" },
        { ...child, dependsOn: [data] },
      ),
  );
  const binaryTrigger = installed && { binary: installed.installedVersion };
  const triggers =
    args.restartTriggers === undefined
      ? binaryTrigger
      : pulumi.all([args.restartTriggers, binaryTrigger]).apply(([more, own]) => ({ ...own, ...more }));
  const service = new board.SystemdService(
    `${name}-service`,
    {
      connection,
      name: unitNames[role],
      ...(binary.kind === "installed"
        ? { watchedProgram: binary.path }
        : { unit: k3sUnit({ binary: binary.path, role }) }),
      ...(binary.kind === "file"
        ? {
            program: {
              path: binary.path,
              source: binary.local,
              version: config.version,
              upgrade: args.upgrade,
            },
          }
        : {}),
      flags: { program: binary.path, command: role, names: askedFlags(args.flags, { role, version: config.version }) },
      certificates: { program: binary.path, dataDir },
      programData: programData(dataDir, args.begunDatastore),
      files: [...args.files, ...nodeFiles(args)],
      ...(triggers === undefined ? {} : { restartTriggers: triggers }),
      ...(args.datastoreCopies === undefined ? {} : { datastoreCopies: args.datastoreCopies }),
      health: args.health,
      timeoutSeconds: config.startTimeoutSeconds,
      ...(args.drain === undefined ? {} : { drain: args.drain }),
      ...(args.cluster === undefined ? {} : { cluster: args.cluster }),
    },
    {
      ...child,
      dependsOn: [
        ...args.after,
        ...args.beforeStart,
        data,
        ...(installed === undefined ? [] : [installed]),
        ...archiveFiles,
        ...skips,
      ],
    },
  );
  return { service, contained: args.delivery.contained.map((image) => contain(name, args, image, service)) };
}

/** An image that containerd is to have under a name, once it runs: imported from what lies here, or pulled by itself. */
function contain(
  name: string,
  { connection, binary, archives, parent }: K3sNodeParts,
  { name: image, digest, from }: ContainedImage,
  service: board.SystemdService,
): board.ContainerdImage {
  const command = (program: string) => [binary.path, program];
  const source =
    "pull" in from
      ? // where its containerd listens does not hang on the data directory, and where crictl's configuration is does
        { pull: { reference: from.pull, command: [...command("crictl"), "--runtime-endpoint", containerdSocket] } }
      : { archive: archives.find((archive) => archive.name === from.archive)?.archive };
  const isPause = "archive" in from && from.archive === pauseArchive;
  return new board.ContainerdImage(
    isPause ? `${name}-pause` : `${name}-${image}`,
    { connection, name: image, digest, ...source, command: command("ctr") },
    { parent, dependsOn: [service] },
  );
}

/** registries.yaml with the CA's certificate, the secret keys of the configuration, and containerd's drop-in. */
function nodeFiles({ config, delivery, registry, role }: K3sNodeParts): board.ServiceFileArgs[] {
  const secrets = k3sSecretsFile(config);
  const { endpoint, ca } = registry ?? {};
  return [
    ...(endpoint === undefined || delivery.mirrored.length === 0
      ? []
      : [registriesFile(registriesYaml(delivery.mirrored, endpoint), endpoint.password !== undefined)]),
    ...(ca === undefined ? [] : [{ path: ca.path, content: ca.content, mode: "0644" }]),
    ...(secrets === undefined ? [] : [{ path: k3sPaths.secrets, content: pulumi.secret(secrets), mode: "0600" }]),
    containerdDropIn(dataDirectory(config, role)),
  ];
}

function registriesFile(content: string, isSecret: boolean): board.ServiceFileArgs {
  return { path: k3sPaths.registries, content: isSecret ? pulumi.secret(content) : content, mode: "0600" };
}
