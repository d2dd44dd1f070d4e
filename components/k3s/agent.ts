import * as pulumi from "@pulumi/pulumi";
import type * as board from "../../provider";
import type { AgentConfig } from "./agent-config";
import { agentConfigFile, agentConfiguration, k3sPaths } from "./configuration/files";
import { type MemberArgs, memberNode, tokenFile } from "./member";
import { k3sDropIn } from "./unit";
import { writtenFlags, writtenForAgent } from "./written";

/** Arguments of {@link K3sAgent}. */
export interface K3sAgentArgs extends MemberArgs {
  readonly config: AgentConfig;
  /** The version of its k3s. */
  readonly version: string;
}

/**
 * A k3s agent on a board of its own: binary, unit, drop-in, configuration, token, registries and images, as a server has them, and its node in the
 * cluster.
 */
export class K3sAgent extends pulumi.ComponentResource {
  /** The node, Ready; what depends on the agent being part of the cluster depends on it. */
  readonly node: pulumi.Resource;

  constructor(name: string, args: K3sAgentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:k3s:K3sAgent", name, {}, opts);
    const { config, version, k3s } = args;
    const { labels, taints, drainTimeoutSeconds } = config;
    const { startTimeoutSeconds, onDestroy } = k3s;
    this.node = memberNode(name, {
      args,
      marks: { labels, taints, drainTimeoutSeconds },
      service: {
        role: "agent",
        config: { version, config: config.config, startTimeoutSeconds, onDestroy },
        upgrade: { kind: "kubernetes", allowDowngrade: k3s.allowDowngrade !== false },
        flags: writtenFlags(writtenForAgent(config, args.node)),
        files: agentFiles(args),
        health: agentHealth(config, version),
      },
      parent: this,
    });
    this.registerOutputs({});
  }
}

function agentFiles({ node, config, binary, delivery, joining, otherFiles }: K3sAgentArgs): board.ServiceFileArgs[] {
  // the delivery's keys are the server's, which tells them its agents: `k3s agent` knows none of them, and dies of one
  const own = {
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
    tokenFile(k3sPaths.agentToken, joining),
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
