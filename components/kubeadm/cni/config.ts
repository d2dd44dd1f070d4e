import { z } from "zod";

const version = z.string().regex(/^v\d+\.\d+\.\d+$/, "expected an exact version such as v3.30.0");

/** One node, its pods on a bridge. */
export const bridgeConfig = z.strictObject({
  kind: z
    .literal("bridge")
    .describe("A bridge on the node (plugins bridge, host-local and portmap). For a cluster of one node."),
});

/** Pods of all nodes in one network, by flannel. */
export const flannelConfig = z.strictObject({
  kind: z.literal("flannel").describe("flannel, for clusters of several nodes."),
  version: version
    .default("v0.28.4")
    .describe("Version of flannel, built from its Go module where upstream has no image."),
  backend: z
    .enum(["vxlan", "host-gw"])
    .default("vxlan")
    .describe("How nodes reach each other's pods. `host-gw`: by routes, for nodes in one network."),
  interface: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Network interface towards the other nodes, the same on all. Defaults to the one with the address of the node.",
    ),
});

/** Pods of all nodes in one network, by Calico. */
export const calicoConfig = z.strictObject({
  kind: z.literal("calico").describe("Calico. Which architectures a release really has is checked."),
  version: version.describe("Version of Calico."),
  manifest: z
    .string()
    .min(1)
    .describe(
      "Path of the `calico.yaml` of that version, from its release; `~` is expanded. Its pool becomes `podSubnet`.",
    ),
});

/** Pods of all nodes in one network, by Cilium. */
export const ciliumConfig = z.strictObject({
  kind: z.literal("cilium").describe("Cilium: not supported by this program, refused with the reason."),
});

/** The key `cni`: how pods are networked. */
export const cniConfig = z.discriminatedUnion("kind", [bridgeConfig, flannelConfig, calicoConfig, ciliumConfig]);

/** {@link cniConfig} with defaults filled in. */
export type CniConfig = z.output<typeof cniConfig>;

/** {@link flannelConfig} with defaults filled in. */
export type FlannelConfig = z.output<typeof flannelConfig>;

/** {@link calicoConfig} with defaults filled in. */
export type CalicoConfig = z.output<typeof calicoConfig>;
