import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { Delivery } from "../images/delivery/delivery";
import type { ReadyArchive } from "../images/delivery/ready-archives";
import { pauseArchive } from "../images/delivery/pause";
import type { Registry } from "../registry/registry";
import type { K3sBinary } from "./binary";
import { disabledComponents, type K3sConfig } from "./config";
import { dataDirectory, datastoreDirectory, k3sConfigFile, k3sPaths, k3sSecretsFile } from "./configuration/files";
import { registriesYaml } from "./registries";
import { k3sDropIn, k3sUnit } from "./unit";

/** Where k3s's containerd listens, whatever its data directory. */
const containerdSocket = "unix:///run/k3s/containerd/containerd.sock";

/** Arguments of {@link K3sServer}. */
export interface K3sServerArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: K3sConfig;
  readonly binary: K3sBinary;
  /** Address of the API server from outside, for the certificate. */
  readonly kubeconfigServer: string;
  /** What k3s's files say of images, and what is looked after in its containerd. */
  readonly delivery: Pick<Delivery, "mirrored" | "k3sConfig" | "pauseImage" | "contained">;
  /** The delivery's archives. */
  readonly archives: readonly ReadyArchive[];
  /** The private registry, where there is one. */
  readonly registry?: Registry;
  /** Files that k3s reads at its start besides its configuration: a proxy's. */
  readonly files: readonly board.ServiceFileArgs[];
  /** What has to agree before anything of k3s is touched, its data among it. */
  readonly checks: readonly pulumi.Resource[];
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** A k3s server on the board: binary, unit, drop-in, configuration, registries, and the images that it has on the board itself. */
export class K3sServer extends pulumi.ComponentResource {
  /** The unit; what depends on a running k3s depends on it. */
  readonly service: board.SystemdService;

  constructor(name: string, args: K3sServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sServer", name, {}, opts);
    const { connection, config, binary, archives } = args;
    const child = { parent: this };
    const data = new board.K3sData(
      `${name}-data`,
      { connection, dataDir: dataDirectory(config), onDestroy: config.onDestroy },
      { ...child, dependsOn: [...args.checks] },
    );
    const installed =
      binary.kind === "package"
        ? new board.Package(
            `${name}-package`,
            { connection, name: binary.name, ...(binary.version === undefined ? {} : { version: binary.version }) },
            { ...child, dependsOn: [...args.checks] },
          )
        : undefined;
    const archiveFiles = archives.map(
      ({ name: archive, file, source }) =>
        new board.File(
          `${name}-${archive}-archive`,
          { connection, path: `${dataDirectory(config)}/agent/images/${file}`, source, mode: "0644" },
          { ...child, dependsOn: [data] },
        ),
    );
    const skips = config.skip.map(
      (component) =>
        new board.File(
          `${name}-skip-${component}`,
          {
            connection,
            path: `${dataDirectory(config)}/server/manifests/${component}.yaml.skip`,
            content: "",
            mode: "0600",
          },
          { ...child, dependsOn: [data] },
        ),
    );
    this.service = new board.SystemdService(
      `${name}-service`,
      {
        connection,
        name: "k3s",
        unit: k3sUnit({ binary: binary.path }),
        ...(binary.kind === "file"
          ? {
              program: {
                path: binary.path,
                source: binary.local,
                version: config.version,
                upgrade: upgradeRules(config),
              },
            }
          : {}),
        files: this.files(args),
        ...(installed === undefined ? {} : { restartTriggers: { binary: installed.installedVersion } }),
        health: { kind: "kubernetes", kubeconfig: k3sPaths.kubeconfig },
        timeoutSeconds: config.startTimeoutSeconds,
      },
      {
        ...child,
        dependsOn: [...args.after, data, ...(installed === undefined ? [] : [installed]), ...archiveFiles, ...skips],
      },
    );
    this.containImages(name, args);
    this.registerOutputs({});
  }

  /** The images that containerd is to have under a name, once it runs: imported from what lies here, or pulled by itself. */
  private containImages(name: string, { connection, binary, delivery, archives }: K3sServerArgs): void {
    const command = (program: string) => [binary.path, program];
    for (const { name: image, digest, from } of delivery.contained) {
      const source =
        "pull" in from
          ? // where its containerd listens does not hang on the data directory, and where crictl's configuration is does
            { pull: { reference: from.pull, command: [...command("crictl"), "--runtime-endpoint", containerdSocket] } }
          : { archive: archives.find((archive) => archive.name === from.archive)?.archive };
      const isPause = "archive" in from && from.archive === pauseArchive;
      new board.ContainerdImage(
        isPause ? `${name}-pause` : `${name}-${image}`,
        { connection, name: image, digest, ...source, command: command("ctr") },
        { parent: this, dependsOn: [this.service] },
      );
    }
  }

  private files({
    config,
    binary,
    kubeconfigServer,
    delivery,
    registry,
    files: others,
  }: K3sServerArgs): board.ServiceFileArgs[] {
    const secrets = k3sSecretsFile(config);
    const { endpoint, ca } = registry ?? {};
    return [
      {
        path: k3sPaths.dropIn,
        content: k3sDropIn({
          binary: binary.path,
          disable: disabledComponents(config),
          pauseImage: delivery.pauseImage,
        }),
      },
      { path: k3sPaths.config, content: k3sConfigFile(config, kubeconfigServer, delivery.k3sConfig), mode: "0600" },
      ...(endpoint === undefined || delivery.mirrored.length === 0
        ? []
        : [registriesFile(registriesYaml(delivery.mirrored, endpoint), endpoint.password !== undefined)]),
      ...(ca === undefined ? [] : [{ path: ca.path, content: ca.content, mode: "0644" }]),
      ...(secrets === undefined ? [] : [{ path: k3sPaths.secrets, content: pulumi.secret(secrets), mode: "0600" }]),
      ...others,
    ];
  }
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

function registriesFile(content: string, isSecret: boolean): board.ServiceFileArgs {
  return { path: k3sPaths.registries, content: isSecret ? pulumi.secret(content) : content, mode: "0600" };
}
