import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { buildGo } from "../../tools/go";
import type { Architecture } from "../board/architecture";
import { expandHome } from "../../provider/local-paths";
import type { RegistryEndpoint } from "../k3s/registries";
import { engineProgress } from "../progress";
import type { BoardRegistryConfig, RegistryConfig } from "./config";
import { htpasswd, registryConfiguration, registryPaths, registryUnit, registryUnitName } from "./configuration";

/** Module that CNCF distribution's `registry` is built from, pinned with all that it needs. */
const registryModule = join(__dirname, "../../tools/modules/registry");

/** Where the board keeps the certificate of the registry's CA for containerd. */
const caOnBoard = "/etc/rancher/k3s/k3s-board-registry-ca.crt";

/** Arguments of {@link Registry}. */
export interface RegistryArgs {
  /** The connection to the board. */
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly arch: Architecture;
  readonly config: RegistryConfig;
  /** What must be there before anything here. Defaults to nothing. */
  readonly after?: readonly pulumi.Resource[];
}

function caFileOf(config: RegistryConfig): string | undefined {
  return config.kind === "board" ? config.tls?.ca : config.ca;
}

/** How the board pulls from a private registry. */
export function registryEndpoint(config: RegistryConfig): RegistryEndpoint {
  const url =
    config.kind === "board"
      ? `${config.tls === undefined ? "http" : "https"}://${config.listen}:${config.port}`
      : config.url.replace(/\/$/, "");
  return {
    url,
    ...(config.username === undefined ? {} : { username: config.username, password: config.password ?? "" }),
    ...(caFileOf(config) === undefined ? {} : { caFile: caOnBoard }),
  };
}

/** The private registry: a service on the board, or one that is there already. */
export class Registry extends pulumi.ComponentResource {
  /** How images are pushed. */
  readonly push: board.RegistryAddressArgs;
  /** How the board pulls. */
  readonly endpoint: RegistryEndpoint;
  /** The CA certificate that the board needs for it, with its path there. */
  readonly ca?: { readonly path: string; readonly content: string };

  private constructor(
    name: string,
    args: RegistryArgs,
    binary: string | undefined,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("k3s-board:registry:Registry", name, {}, opts);
    const { config } = args;
    const caFile = caFileOf(config);
    if (caFile !== undefined) this.ca = { path: caOnBoard, content: readFileSync(expandHome(caFile), "utf8") };
    this.endpoint = registryEndpoint(config);
    const { url } = this.endpoint;
    this.push = {
      url,
      throughBoard: config.kind === "board",
      ...(this.ca === undefined ? {} : { ca: this.ca.content }),
      ...(config.username === undefined
        ? {}
        : { username: config.username, password: pulumi.secret(config.password ?? "") }),
    };
    if (config.kind === "board" && binary !== undefined) this.serve(name, args, config, binary);
    this.registerOutputs({ url });
  }

  /** Builds what is needed on this machine (the registry for the board's architecture), then makes the component. */
  static async create(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions): Promise<Registry> {
    if (args.config.kind !== "board") return new Registry(name, args, undefined, opts);
    const packagePath = "github.com/distribution/distribution/v3/cmd/registry";
    const program = await buildGo(
      { module: registryModule, packagePath, goarch: args.arch, name: "registry" },
      engineProgress(),
    );
    return new Registry(name, args, program.path, opts);
  }

  private serve(
    name: string,
    { connection, after = [] }: Pick<RegistryArgs, "connection" | "after">,
    config: BoardRegistryConfig,
    source: string,
  ): void {
    const binary = new board.File(
      `${name}-binary`,
      { connection, path: registryPaths.binary, source, mode: "0755" },
      { parent: this, dependsOn: [...after] },
    );
    const secretFile = (path: string, content: string) => ({ path, content: pulumi.secret(content), mode: "0600" });
    new board.SystemdService(
      `${name}-service`,
      {
        connection,
        name: registryUnitName,
        unit: registryUnit(config),
        files: [
          { path: registryPaths.config, content: registryConfiguration(config), mode: "0600" },
          ...(config.username === undefined
            ? []
            : [secretFile(registryPaths.htpasswd, htpasswd(config.username, config.password ?? ""))]),
          ...(config.tls === undefined
            ? []
            : [
                {
                  path: registryPaths.certificate,
                  content: readFileSync(expandHome(config.tls.certificate), "utf8"),
                  mode: "0600",
                },
                secretFile(registryPaths.key, readFileSync(expandHome(config.tls.key), "utf8")),
              ]),
        ],
        restartTriggers: { binary: binary.sha256 },
        // a registry that wants a login answers 401, which is as good a sign of life as 200
        health: {
          kind: "http",
          url: `${this.endpoint.url}/v2/`,
          ...(this.ca === undefined ? {} : { ca: this.ca.content }),
        },
        timeoutSeconds: 120,
        removeState: true,
      },
      { parent: this, dependsOn: [binary] },
    );
  }
}
