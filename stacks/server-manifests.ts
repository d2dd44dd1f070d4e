import * as pulumi from "@pulumi/pulumi";
import { disabledComponents } from "../components/k3s/config";
import { clusterSetting } from "../components/k3s/configuration/files";
import { corednsManifest } from "../components/manifests/coredns";
import { type ManifestText, manifestText, readManifests } from "../components/manifests/manifests";
import { rewriteImages, substituteDelivered } from "../components/manifests/rewrite-images";
import { manifestProblems } from "../components/manifests/validate";
import { neededPackages } from "../components/pulumi-packages";
import { registryFileProblems } from "../components/registry/files";
import { ConfigError, type StackConfig } from "./config";
import type { ClusterMember } from "./members";
import type { PreparedNode } from "./prepared";

/** What the user has put into a cluster: by k3s, and by Pulumi. */
export interface UsersObjects {
  readonly manifests: readonly ManifestText[];
  readonly workloads: readonly ManifestText[];
}

/** The user's manifests and workloads. @throws ConfigError with everything that is wrong with them, and with what hooks and they need here. */
export function checkedManifests(config: StackConfig): UsersObjects {
  const wrong = [
    ...manifestProblems(config.manifests, config.workloads, disabledComponents(config.k3s)),
    ...neededPackages({ hooks: config.hooks, workloads: config.workloads }),
    ...registryFileProblems(config.registry),
  ];
  if (wrong.length > 0) throw new ConfigError(wrong);
  return { manifests: readManifests(config.manifests), workloads: readManifests(config.workloads) };
}

/** CoreDNS's manifest where the configuration wants one of ours; `NodeHosts` of all nodes among it. */
export function customCoredns(
  config: StackConfig,
  nodes: readonly ClusterMember[],
  { nameOf, delivery }: PreparedNode,
): ManifestText[] {
  const name = nameOf("coredns");
  if (config.k3s.coredns !== "custom" || name === undefined) return [];
  const content = corednsManifest({
    ...delivery.manifestImage(name),
    clusterDns: clusterSetting(config.k3s, "cluster-dns"),
    clusterDomain: clusterSetting(config.k3s, "cluster-domain"),
    nodes,
  });
  return [manifestText("coredns", content)];
}

/** Manifests whose pods get what the stack delivers; what was changed for that is said. */
export function withDeliveredImages(
  manifests: readonly ManifestText[],
  { images, delivery }: Pick<PreparedNode, "images" | "delivery">,
): ManifestText[] {
  const substitute = substituteDelivered(images, delivery);
  return manifests.map((manifest) => {
    const { content, changes } = rewriteImages(manifest.content, substitute);
    for (const change of changes) void pulumi.log.info(`${manifest.name}: ${change}: that is how it is delivered`);
    return { ...manifest, content };
  });
}
