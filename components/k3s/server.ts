import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { PlannedImage } from "../images/plan";
import { parseImageReference } from "../images/reference";
import type { Registry } from "../registry/registry";
import type { K3sBinary } from "./binary";
import { disabledComponents, type K3sConfig } from "./config";
import { dataDirectory, k3sConfigFile, k3sPaths, k3sSecretsFile } from "./configuration";
import { registriesYaml } from "./registries";
import { k3sDropIn, k3sUnit } from "./unit";

/** Arguments of {@link K3sServer}. */
export interface K3sServerArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: K3sConfig;
  readonly binary: K3sBinary;
  /** Address of the API server from outside, for the certificate. */
  readonly kubeconfigServer: string;
  /** Images that the registry mirrors. */
  readonly images: readonly PlannedImage[];
  /** The pause image: its full name, its digest and a tar that containerd imports. */
  readonly pause: { readonly name: string; readonly digest: string; readonly archive: string };
  readonly registry: Registry;
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** A k3s server on the board: binary, unit, drop-in, configuration, registries, and the pause image that it needs before any registry answers. */
export class K3sServer extends pulumi.ComponentResource {
  /** The unit; what depends on a running k3s depends on it. */
  readonly service: board.SystemdService;

  constructor(name: string, args: K3sServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sServer", name, {}, opts);
    const { connection, config, binary, pause } = args;
    const child = { parent: this };
    const data = new board.K3sData(`${name}-data`, { connection, dataDir: dataDirectory(config) }, child);
    const program =
      binary.kind === "file"
        ? new board.File(`${name}-binary`, { connection, path: binary.path, source: binary.local, mode: "0755" }, child)
        : new board.Package(
            `${name}-package`,
            { connection, name: binary.name, ...(binary.version === undefined ? {} : { version: binary.version }) },
            child,
          );
    const pauseArchive = new board.File(
      `${name}-pause-archive`,
      {
        connection,
        path: `${dataDirectory(config)}/agent/images/k3s-board-pause.tar`,
        source: pause.archive,
        mode: "0644",
      },
      { ...child, dependsOn: [data] },
    );
    this.service = new board.SystemdService(
      `${name}-service`,
      {
        connection,
        name: "k3s",
        unit: k3sUnit({ binary: binary.path }),
        files: this.files(args),
        restartTriggers: { binary: program instanceof board.File ? program.sha256 : program.installedVersion },
        health: { kind: "kubernetes", kubeconfig: k3sPaths.kubeconfig },
        timeoutSeconds: config.startTimeoutSeconds,
      },
      { ...child, dependsOn: [...args.after, data, program, pauseArchive] },
    );
    new board.ContainerdImage(
      `${name}-pause`,
      { connection, name: pause.name, digest: pause.digest, archive: pause.archive, command: [binary.path, "ctr"] },
      { ...child, dependsOn: [this.service] },
    );
    this.registerOutputs({});
  }

  private files({ config, binary, kubeconfigServer, images, pause, registry }: K3sServerArgs): board.ServiceFileArgs[] {
    const mirrored = images.map((image) => parseImageReference(image.name).registry);
    const secrets = k3sSecretsFile(config);
    const registries = registriesYaml(mirrored, registry.endpoint);
    return [
      {
        path: k3sPaths.dropIn,
        content: k3sDropIn({ binary: binary.path, disable: disabledComponents(config), pauseImage: pause.name }),
      },
      { path: k3sPaths.config, content: k3sConfigFile(config, kubeconfigServer), mode: "0600" },
      {
        path: k3sPaths.registries,
        content: registry.endpoint.password === undefined ? registries : pulumi.secret(registries),
        mode: "0600",
      },
      ...(registry.ca === undefined ? [] : [{ path: registry.ca.path, content: registry.ca.content, mode: "0644" }]),
      ...(secrets === undefined ? [] : [{ path: k3sPaths.secrets, content: pulumi.secret(secrets), mode: "0600" }]),
    ];
  }
}
