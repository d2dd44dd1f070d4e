import { loadAll } from "js-yaml";
import { kubernetesYaml, type KubernetesObject } from "../../provider/kubernetes/manifest-documents";
import { isObject } from "../../provider/secrets";

/** The charts that k3s deploys itself, all of them in kube-system (manifests/traefik.yaml of k3s). */
const bundledCharts = ["traefik", "traefik-crd"];

/**
 * What is wrong with a HelmChartConfig, by which values of a chart are changed that k3s deploys: k3s takes it and it changes nothing, or the job
 * that deploys the chart fails some minutes later. Nothing for other objects.
 *
 * @param disabled - components that k3s does not deploy.
 */
export function helmChartConfigProblems(
  { apiVersion, kind, metadata, spec }: KubernetesObject,
  disabled: readonly string[],
): string[] {
  if (kind !== "HelmChartConfig" || !apiVersion.startsWith("helm.cattle.io/")) return [];
  const { name, namespace = "default" } = metadata;
  const isBundled = bundledCharts.includes(name);
  return [
    ...(isBundled && namespace !== "kube-system"
      ? [
          `metadata.namespace: expected kube-system, where k3s has the chart ${name}; in ${namespace} it changes nothing`,
        ]
      : []),
    ...(isBundled && disabled.includes("traefik")
      ? [`metadata.name: k3s.disable has traefik, so that there is no chart ${name} to change`]
      : []),
    ...valuesProblems(isObject(spec) ? spec.valuesContent : undefined),
  ];
}

/** `valuesContent` is a text that holds the YAML; as a map, which people write, the API server refuses it. */
function valuesProblems(values: unknown): string[] {
  if (values === undefined) return [];
  if (typeof values !== "string") return ["spec.valuesContent: expected a text with YAML: write valuesContent: |-"];
  try {
    const [first, ...others] = loadAll(values, { schema: kubernetesYaml });
    return others.length === 0 && (first === undefined || first === null || isObject(first))
      ? []
      : ["spec.valuesContent: expected a map of values"];
  } catch (error) {
    return [`spec.valuesContent: not YAML: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`];
  }
}
