import { z } from "zod";
import { k3sVersion } from "./config";

const joinedStack = z.strictObject({
  stack: z
    .string()
    .min(1)
    .describe(
      "The stack of the server, as Pulumi names it: `organization/k3s-board/home`, where the organization of a state in files is `organization`. " +
        "Its output `join` is read; both stacks have the same passphrase.",
    ),
});

const joinedServer = z.strictObject({
  server: z
    .url({ protocol: /^https$/ })
    .describe("Address of the server for nodes that join: `https://192.0.2.7:6443`."),
  token: z
    .string()
    .regex(
      /^K10[0-9a-f]{64}::(node|server):\S+$/,
      "expected the full form, K10…::<user>:<secret>, which pins the cluster's CA",
    )
    .describe("The agents' token in its full form, as in the server's `agent-token` (a config secret)."),
  version: k3sVersion.describe("The k3s version of the servers."),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The administrator's kubeconfig (a config secret). Without it nodes are neither marked, drained nor deleted: `labels` and `taints` are refused. " +
        "The API is asked from the agent's board, at `server`.",
    ),
  networks: z
    .array(z.string().min(1))
    .default(["10.42.0.0/16", "10.43.0.0/16"])
    .describe("Networks of pods and services, for `NO_PROXY`."),
  clusterDomain: z.string().min(1).default("cluster.local").describe("The cluster's domain, for `NO_PROXY`."),
  nodes: z
    .array(
      z.strictObject({
        name: z.string().min(1).describe("Name of the node."),
        address: z.string().describe("Its address in the cluster."),
      }),
    )
    .default([])
    .describe("Other nodes, for `NO_PROXY`; no agent may have a name or an address of theirs."),
});

/** The `join` section: the cluster of another stack, or of nobody's, that the agents of this one join. */
export const joinConfig = z.union([joinedStack, joinedServer]);

/** {@link joinConfig} with defaults filled in. */
export type JoinConfig = z.output<typeof joinConfig>;

/** A cluster that agents join, as it says itself or the configuration does. */
export type JoinedServer = z.output<typeof joinedServer>;

/** Parses what a server's stack has as its output `join`; `undefined` for what is none. */
export function parseJoinOutput(output: unknown): JoinedServer | undefined {
  const parsed = joinedServer.safeParse(output);
  return parsed.success ? parsed.data : undefined;
}
