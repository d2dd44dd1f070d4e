import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import type { CriDockerdConfig } from "./config";
import type { CriDockerd } from "./cri-dockerd-source";
import { criDockerDropIn, criDockerPaths, criDockerService, criDockerSocket, criDockerUnit } from "./cri-dockerd-unit";
import { dockerFiles, type DockerOnBoard, type DockerRegistry } from "./docker";
import { runtimeSockets } from "./sockets";

/** Arguments of {@link CriDockerdRuntime}. */
export interface CriDockerdRuntimeArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: CriDockerdConfig;
  readonly program: CriDockerd;
  /** What Docker's configuration on the board is now. */
  readonly docker: DockerOnBoard;
  /** Image of the pod sandbox. */
  readonly sandboxImage: string;
  /** The private registry, where there is one. */
  readonly registry?: DockerRegistry;
  /** Files by which Docker is told of a proxy. Defaults to none. */
  readonly proxyFiles?: readonly board.ServiceFileArgs[];
  /** Seconds for each of the two services to come up. */
  readonly startTimeoutSeconds: number;
  /** What must be there before anything here. Defaults to nothing. */
  readonly after?: readonly pulumi.Resource[];
}

/** Docker, and the cri-dockerd through which kubelet asks it. */
export class CriDockerdRuntime extends pulumi.ComponentResource {
  /** Where kubelet asks it: the one socket that kubeadm is told, whatever else is on the board. */
  readonly socket = runtimeSockets["cri-dockerd"];
  /** The service that kubelet needs. */
  readonly service: board.SystemdService;

  constructor(name: string, args: CriDockerdRuntimeArgs, options?: pulumi.ComponentResourceOptions) {
    super("k3s-board:kubeadm:CriDockerdRuntime", name, {}, options);
    const { connection, config, program, startTimeoutSeconds: timeoutSeconds, after = [] } = args;
    const engine = new board.Package(
      `${name}-docker-package`,
      { connection, name: config.docker },
      { parent: this, dependsOn: [...after] },
    );
    const docker = new board.SystemdService(
      `${name}-docker`,
      {
        connection,
        name: "docker",
        files: [...dockerFiles(config, args.docker, args.registry), ...(args.proxyFiles ?? [])],
        restartTriggers: { package: engine.installedVersion },
        timeoutSeconds,
      },
      { parent: this, dependsOn: [engine] },
    );
    const installed =
      program.kind === "package"
        ? new board.Package(
            `${name}-cri-dockerd-package`,
            { connection, name: program.name },
            { parent: this, dependsOn: [docker] },
          )
        : undefined;
    const dropIn = criDockerDropIn({ binary: program.path, sandboxImage: args.sandboxImage });
    this.service = new board.SystemdService(
      `${name}-cri-dockerd`,
      {
        connection,
        name: criDockerService,
        ...(program.kind === "file"
          ? { unit: criDockerUnit(program.path), program: { path: program.path, source: program.local } }
          : {}),
        files: [
          { path: criDockerPaths.dropIn, content: dropIn },
          // a package brings its own
          ...(program.kind === "file" ? [{ path: criDockerPaths.socket, content: criDockerSocket() }] : []),
        ],
        ...(installed === undefined ? {} : { restartTriggers: { package: installed.installedVersion } }),
        timeoutSeconds,
      },
      { parent: this, dependsOn: [docker, ...(installed === undefined ? [] : [installed])] },
    );
    this.registerOutputs({ socket: this.socket });
  }
}
