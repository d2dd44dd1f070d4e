import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type * as board from "../../../provider";
import { expandHome } from "../../../provider/local-paths";
import type { Progress } from "../../../tools/progress";
import type { Architecture } from "../../board/architecture";
import type { ManifestImage } from "../../manifests/images";
import type { KubeadmConfig } from "../config";
import type { NodeIdentity } from "../configuration";
import { calicoManifest } from "./calico-manifest";
import { calicoNotes } from "./calico-releases";
import type { CniProblem } from "./problems";
import type { CniConfig } from "./config";
import { flannelRoles } from "./flannel";
import { FlannelNetwork, flannelProgram } from "./flannel-network";
import { networkManifest } from "./network-manifest";

/** A network of pods that is brought into a cluster, ready on this machine. */
export type PreparedNetwork =
  /** flanneld for the board, on this machine. */
  | { readonly kind: "flannel"; readonly config: Extract<CniConfig, { kind: "flannel" }>; readonly program: string }
  /** Calico's manifest for the cluster, and the images of its pods. */
  | { readonly kind: "calico"; readonly manifest: string; readonly images: readonly ManifestImage[] };

/** Calico's manifest, or what is wrong with it. */
export function calicoOf({
  cni,
  podSubnet,
}: Pick<KubeadmConfig, "cni" | "podSubnet">):
  | { readonly manifest: string; readonly images: readonly ManifestImage[]; readonly problems: readonly CniProblem[] }
  | undefined {
  if (cni.kind !== "calico") return undefined;
  const path = "kubeadm.cni.manifest";
  let text: string;
  try {
    text = readFileSync(expandHome(cni.manifest), "utf8");
  } catch (error) {
    return { manifest: "", images: [], problems: [{ path, reason: `cannot be read: ${(error as Error).message}` }] };
  }
  const { text: manifest, images, problems } = calicoManifest(text, cni, podSubnet);
  return { manifest, images, problems: problems.map((reason) => ({ path, reason })) };
}

/**
 * Builds or reads what the network of a configuration needs; `undefined` for a bridge, which is a file only. Tells what is known to be wrong with
 * a release of Calico.
 *
 * @throws where flanneld cannot be built.
 */
export async function preparedNetwork(
  config: Pick<KubeadmConfig, "cni" | "podSubnet">,
  arch: Architecture,
  progress: Progress,
): Promise<PreparedNetwork | undefined> {
  const { cni } = config;
  if (cni.kind === "flannel")
    return { kind: "flannel", config: cni, program: await flannelProgram(cni, arch, progress) };
  const calico = calicoOf(config);
  if (cni.kind !== "calico" || calico === undefined) return undefined;
  for (const note of calicoNotes(cni.version, arch)) await pulumi.log.warn(note);
  return { kind: "calico", ...calico };
}

/** Arguments of {@link networkParts}. */
export interface NetworkArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly network: PreparedNetwork;
  readonly podSubnet: string;
  readonly node: NodeIdentity;
  /** Path of kubectl on the board. */
  readonly kubectl: string;
  /** Path of an administrator's kubeconfig on the board. */
  readonly kubeconfig: string;
  readonly startTimeoutSeconds: number;
  /** What must be there before: a cluster whose API server answers. */
  readonly after: readonly pulumi.Resource[];
}

/** Makes the parts of a network in a cluster. */
export function networkParts(name: string, args: NetworkArgs, parent: pulumi.ComponentResource): void {
  const { connection, network, podSubnet, node, startTimeoutSeconds } = args;
  const manifest = network.kind === "calico" ? network.manifest : flannelRoles();
  const applied = networkManifest(name, { ...args, manifest }, parent);
  if (network.kind === "calico") return;
  const { config, program } = network;
  new FlannelNetwork(
    `${name}-flannel`,
    { connection, config, program, podSubnet, node, startTimeoutSeconds, after: [applied] },
    { parent },
  );
}
