import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import { buildGo, resolveGoModule } from "../../../tools/go";
import type { Progress } from "../../../tools/progress";
import type { Architecture } from "../../board/architecture";
import type { NodeIdentity } from "../configuration";
import type { FlannelConfig } from "./config";
import { conflistWriter, flannelNetwork, flannelPaths, flannelService, flannelUnit } from "./flannel";

/** Version of flannel whose go.mod and go.sum come with this program. */
const bundled = { version: "v0.28.4", module: resolve(__dirname, "../../../tools/modules/flannel") } as const;

const packagePath = "github.com/flannel-io/flannel";

/**
 * Builds flanneld for a board from its Go module.
 *
 * @returns path of the program on this machine.
 * @throws where it cannot be built, with the compiler's last lines.
 */
export async function flannelProgram(
  { version }: Pick<FlannelConfig, "version">,
  goarch: Architecture,
  progress: Progress,
): Promise<string> {
  const module = version === bundled.version ? bundled.module : await resolveGoModule(packagePath, version, progress);
  const ldflags = [`-X ${packagePath}/pkg/version.Version=${version}`];
  return (await buildGo({ module, packagePath, goarch, name: "flanneld", ldflags }, progress)).path;
}

/** Arguments of {@link FlannelNetwork}. */
export interface FlannelNetworkArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: FlannelConfig;
  /** flanneld for the board, on this machine. */
  readonly program: string;
  /** Network of all pods. */
  readonly podSubnet: string;
  /** The board's node; flannel's packets go by the interface of its address where the configuration names no other. */
  readonly node: NodeIdentity;
  /** Whatever else restarts flanneld when it changes: it reads kubelet's kubeconfig at its start. Defaults to nothing. */
  readonly restartTriggers?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Seconds for flanneld to get the node's part of the network. */
  readonly startTimeoutSeconds: number;
  /** What must be there before: the node in its cluster, and the roles of flannel. */
  readonly after: readonly pulumi.Resource[];
}

/** flanneld on a node, which makes the network of its pods. */
export class FlannelNetwork extends pulumi.ComponentResource {
  readonly service: board.SystemdService;

  constructor(name: string, args: FlannelNetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super("k3s-board:kubeadm:FlannelNetwork", name, {}, options);
    const { connection, config, program, podSubnet, node, restartTriggers } = args;
    this.service = new board.SystemdService(
      `${name}-service`,
      {
        connection,
        name: flannelService,
        unit: flannelUnit({ nodeName: node.name, iface: config.interface ?? node.address }),
        ...(restartTriggers === undefined ? {} : { restartTriggers }),
        program: { path: flannelPaths.program, source: program },
        files: [
          { path: flannelPaths.network, content: flannelNetwork(config, podSubnet) },
          { path: flannelPaths.conflistWriter, content: conflistWriter(), mode: "0755" },
        ],
        timeoutSeconds: args.startTimeoutSeconds,
      },
      { parent: this, dependsOn: [...args.after] },
    );
    this.registerOutputs({});
  }
}
