import type { KubernetesObject } from "./manifest-documents";
import type { Kind } from "./objects-api";

/** Label on everything that k3s deploys from a file. Its value is a hash of the annotations below (wrangler, pkg/apply). */
export const deployedLabel = "objectset.rio.cattle.io/hash";

/** Label by which somebody says that an object is to stay when its manifest goes; k3s's own deletion respects it. */
const pruneLabel = "objectset.rio.cattle.io/prune";

const ownerAnnotations = {
  kind: "objectset.rio.cattle.io/owner-gvk",
  name: "objectset.rio.cattle.io/owner-name",
  namespace: "objectset.rio.cattle.io/owner-namespace",
} as const;

/** The record that k3s keeps of each file in its auto-deploy directory, by the file's name up to its first dot. */
export const addonKind = { apiVersion: "k3s.cattle.io/v1", kind: "Addon" } as const;

/** Namespace of {@link addonKind}. */
export const addonNamespace = "kube-system";

/** Annotation of an Addon with the kinds that were last applied: `apps/v1, Kind=Deployment;/v1, Kind=Secret` (k3s, pkg/deploy). */
const kindsAnnotation = "addon.k3s.cattle.io/gvks";

/** Namespaces that Kubernetes itself makes and does not let go. */
const eternalNamespaces: readonly string[] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Whether k3s has deployed an object from the file of this Addon, and nobody has taken it over since. */
export function isOwned({ metadata }: KubernetesObject, addon: string): boolean {
  const { labels = {}, annotations = {} } = metadata;
  return (
    deployedLabel in labels &&
    annotations[ownerAnnotations.kind] === `${addonKind.apiVersion}, Kind=${addonKind.kind}` &&
    annotations[ownerAnnotations.name] === addon &&
    annotations[ownerAnnotations.namespace] === addonNamespace
  );
}

/** Why an object is not to be deleted with its manifest; `undefined` where nothing speaks against it. */
export function reasonToKeep({ apiVersion, kind, metadata }: KubernetesObject): string | undefined {
  if (metadata.labels?.[pruneLabel] === "false") return `it has the label ${pruneLabel}=false`;
  if (apiVersion === "v1" && kind === "Namespace" && eternalNamespaces.includes(metadata.name))
    return "Kubernetes does not let it go";
  return undefined;
}

/** The kinds that an Addon remembers. */
export function kindsOfAddon(addon: KubernetesObject | undefined): Kind[] {
  return (addon?.metadata.annotations?.[kindsAnnotation] ?? "").split(";").flatMap((text) => {
    const match = /^(?:([^/,]*)\/)?([^/,]+), Kind=(\w+)$/.exec(text);
    if (match === null) return [];
    const [, group = "", version = "", kind = ""] = match;
    return [{ apiVersion: group === "" ? version : `${group}/${version}`, kind }];
  });
}

/** Kinds, each once; of a kind in several versions the first. */
export function distinctKinds(kinds: readonly Kind[]): Kind[] {
  const key = ({ apiVersion, kind }: Kind) => `${groupOf(apiVersion)}/${kind}`;
  return [
    ...new Map(
      [...kinds].reverse().map(({ apiVersion, kind }) => [key({ apiVersion, kind }), { apiVersion, kind }]),
    ).values(),
  ].reverse();
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** Kubernetes' own groups: none, a word, or below k8s.io. All others are defined by somebody. */
function isBuiltIn(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/**
 * The order in which objects go; each step is over before the next begins.
 *
 * 0. What others have defined, while the operators that take care of its finalizers still run.
 * 1. Hooks into the API: with their servers gone they would refuse what follows.
 * 2. The rest.
 * 3. Definitions.
 * 4. Namespaces, which are empty by now but for what is not ours.
 */
export function deletionStep({ apiVersion, kind }: Kind): number {
  if (kind === "Namespace" && apiVersion === "v1") return 4;
  if (kind === "CustomResourceDefinition") return 3;
  if (!isBuiltIn(apiVersion)) return 0;
  return ["admissionregistration.k8s.io", "apiregistration.k8s.io"].includes(groupOf(apiVersion)) ? 1 : 2;
}

/** Kinds that people put into namespaces. What only controllers make (Endpoints, ReplicaSets, Events) tells nothing of people. */
export const kindsOfPeople: readonly Kind[] = [
  ...["ConfigMap", "Secret", "Service", "PersistentVolumeClaim", "Pod"].map((kind) => ({ apiVersion: "v1", kind })),
  ...["Deployment", "StatefulSet", "DaemonSet"].map((kind) => ({ apiVersion: "apps/v1", kind })),
  ...["Job", "CronJob"].map((kind) => ({ apiVersion: "batch/v1", kind })),
  { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
];

/** Programs by which people put something into a cluster, as the server notes them of each field. */
const programsOfPeople = /^(kubectl|helm|terraform|pulumi|argocd|flux|kustomize)/i;

/** Whether an object is there by the will of somebody else: another file of k3s's directory, a person with a program, or a label that keeps it. */
export function isForeign(object: KubernetesObject, addon: string): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (isOwned(object, addon)) return reasonToKeep(object) !== undefined;
  if (deployedLabel in (metadata.labels ?? {}) && ownerAnnotations.name in (metadata.annotations ?? {})) return true;
  return (metadata.managedFields ?? []).some(({ manager }) => programsOfPeople.test(manager ?? ""));
}
