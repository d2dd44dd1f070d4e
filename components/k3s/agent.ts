import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { AgentConfig } from "./agent-config";
import type { K3sConfig } from "./config";
import { agentConfigFile, agentConfiguration, k3sPaths } from "./configuration/files";
import { k3sNode, type K3sNodeArgs } from "./node";
import { k3sDropIn } from "./unit";

/** How an agent joins. */
export interface Joining {
  /** Address of the server for agents: `https://192.0.2.7:6443`. */
  readonly server: string;
  /** The agents' token in its full form; secret. */
  readonly token: pulumi.Output<string>;
  /** To the server's board: what is done with the node in the cluster is done there. */
  readonly cluster: pulumi.Input<board.ConnectionArgs>;
}

/** Arguments of {@link K3sAgent}. */
export interface K3sAgentArgs extends K3sNodeArgs {
  /** Name of its node. */
  readonly node: string;
  readonly config: AgentConfig;
  /** The stack's `k3s` section, for what holds for all nodes. */
  readonly k3s: K3sConfig;
  readonly joining: Joining;
  /** Files that k3s reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** What has to be there before the agent starts, and may come after its images. */
  readonly beforeStart: readonly pulumi.Resource[];
}

/**
 * A k3s agent on a board of its own: binary, unit, drop-in, configuration, token, registries and images, as a server has them, and its node in the
 * cluster.
 *
 * What happens when it goes follows from what depends on what: the node is drained while the agent runs (`-node` depends on the service), the
 * service stops, then the node's object is deleted (the service depends on `-object`) and the host is cleaned.
 */
export class K3sAgent extends pulumi.ComponentResource {
  /** The node, Ready; what depends on the agent being part of the cluster depends on it. */
  readonly node: board.ClusterNode;

  constructor(name: string, args: K3sAgentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sAgent", name, {}, opts);
    const { config, k3s, joining } = args;
    const member = { connection: joining.cluster, kubeconfig: k3sPaths.kubeconfig, name: args.node };
    const object = new board.NodeObject(`${name}-object`, member, { parent: this, dependsOn: [...args.beforeStart] });
    const { service, contained } = k3sNode(name, {
      ...args,
      role: "agent",
      config: {
        version: k3s.version,
        config: config.config,
        startTimeoutSeconds: k3s.startTimeoutSeconds,
        onDestroy: k3s.onDestroy,
      },
      upgrade: { kind: "kubernetes", allowDowngrade: k3s.allowDowngrade !== false },
      files: agentFiles(args),
      health: agentHealth(config, k3s.version),
      checks: [],
      beforeStart: [...args.beforeStart, object],
      parent: this,
    });
    this.node = new board.ClusterNode(
      `${name}-node`,
      {
        ...member,
        labels: config.labels,
        taints: config.taints,
        timeoutSeconds: k3s.readyTimeoutSeconds,
        drainTimeoutSeconds: config.drainTimeoutSeconds,
      },
      // the images that are only names in containerd are there while pods run
      { parent: this, dependsOn: [service, ...contained] },
    );
    this.registerOutputs({});
  }
}

function agentFiles({ node, config, binary, delivery, joining, otherFiles }: K3sAgentArgs): board.ServiceFileArgs[] {
  const own = {
    ...delivery.k3sConfig,
    "node-name": node,
    server: joining.server,
    "token-file": k3sPaths.agentToken,
  };
  return [
    {
      path: k3sPaths.agentDropIn,
      content: k3sDropIn({
        binary: binary.path,
        role: "agent",
        disable: [],
        pauseImage: delivery.pauseImage,
        isForeignUnit: binary.kind === "installed",
      }),
    },
    { path: k3sPaths.config, content: agentConfigFile(config, own), mode: "0600" },
    { path: k3sPaths.agentToken, content: pulumi.secret(pulumi.interpolate`${joining.token}\n`), mode: "0600" },
    ...otherFiles,
  ];
}

/** Where kubelet says that it is well, unless the configuration has moved that. */
const kubeletHealth = "http://127.0.0.1:10248/healthz";

/**
 * An agent has no kubeconfig to ask the API server with, and its node is waited for afterwards: it is healthy when its kubelet says so.
 */
function agentHealth({ config }: AgentConfig, version: string): board.HealthArgs {
  const args = agentConfiguration({ version, config }).settings.get("kubelet-arg")?.values ?? [];
  return args.some((arg) => /^-*healthz-/.test(arg)) ? { kind: "active" } : { kind: "http", url: kubeletHealth };
}
