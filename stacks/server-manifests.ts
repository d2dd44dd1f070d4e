import { clusterSetting } from "../components/k3s/configuration/files";
import { corednsManifest } from "../components/manifests/coredns";
import { type ManifestText, manifestText, readManifests } from "../components/manifests/manifests";
import { manifestProblems } from "../components/manifests/validate";
import { ConfigError, type StackConfig } from "./config";
import type { ClusterMember } from "./members";
import type { PreparedNode } from "./prepared";

/** The user's manifests. @throws ConfigError with everything that is wrong with them. */
export function checkedManifests(config: StackConfig): ManifestText[] {
  const wrong = manifestProblems(config.manifests);
  if (wrong.length > 0) throw new ConfigError(wrong);
  return readManifests(config.manifests);
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
