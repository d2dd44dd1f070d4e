import { bridgePath } from "./bridge";
import type { CniConfig } from "./config";
import { flannelPaths, flannelRole } from "./flannel";
import { networkManifestPath } from "./network-manifest";

/** Files of a control plane that tell which network its cluster has. */
export const networkFiles = {
  bridge: bridgePath,
  flannel: flannelPaths.conflist,
  manifest: networkManifestPath,
} as const;

/** What a board has at each of {@link networkFiles}. */
export type NetworkFiles = Readonly<
  Record<keyof typeof networkFiles, { readonly content?: string; readonly isLong?: boolean }>
>;

/**
 * The network that pods of a board get; `undefined` where none has come so far. The runtime takes the first of the files that tell it, so that one of
 * ours is it whatever lies behind. Calico's own is there only when its pods have run: its manifest tells it before.
 */
export function networkThere({ bridge, flannel, manifest }: NetworkFiles): CniConfig["kind"] | undefined {
  if (bridge.content !== undefined) return "bridge";
  if (flannel.content !== undefined) return "flannel";
  // one that is too long to be read is not the few lines of flannel's roles
  if (manifest.isLong === true) return "calico";
  if (manifest.content === undefined) return undefined;
  return manifest.content.includes(`name: ${flannelRole}\n`) ? "flannel" : "calico";
}
