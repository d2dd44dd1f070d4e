import { identityOf, readDocuments, titleOf } from "../../provider/kubernetes/manifest-documents";
import type { ManifestsConfig } from "./config";
import { helmChartConfigProblems } from "./helm-chart-config";
import { manifestContent } from "./manifests";

/** One thing wrong with a manifest. */
export interface ManifestProblem {
  /** Config path: `manifests.web.yaml`. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Everything that can be seen to be wrong with the user's manifests from here: files that are not there, text that is no YAML, documents that
 * are no Kubernetes objects, objects that are there twice. What only an API server knows is asked of it before the files are written.
 *
 * @param manifests - the section of that name: what k3s deploys.
 * @param workloads - the section of that name: what Pulumi deploys. Defaults to none.
 * @param disabled - components that k3s does not deploy. Defaults to none.
 */
export function manifestProblems(
  manifests: ManifestsConfig,
  workloads: ManifestsConfig = {},
  disabled: readonly string[] = [],
): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const seen = new Map<string, { readonly name: string; readonly place: string }>();
  const all = Object.entries({ manifests, workloads }).flatMap(([section, config]) =>
    Object.entries(config).map(([key, manifest]) => ({ name: `${section}.${key}`, manifest })),
  );
  for (const { name, manifest } of all) {
    const path = `${name}.${"yaml" in manifest ? "yaml" : "file"}`;
    const report = (reason: string) =>
      problems.push({ path, reason: "file" in manifest ? `${manifest.file}: ${reason}` : reason });
    let content: string;
    try {
      content = manifestContent(manifest);
    } catch (error) {
      problems.push({ path, reason: error instanceof Error ? error.message : String(error) });
      continue;
    }
    const { objects, problems: found } = readDocuments(content);
    found.forEach(report);
    for (const { place, object } of objects) {
      for (const problem of helmChartConfigProblems(object, disabled))
        report(`${place}: ${titleOf(object)}: ${problem}`);
      const other = seen.get(identityOf(object));
      if (other === undefined) seen.set(identityOf(object), { name, place });
      else if (other.name === name) report(`${place}: ${titleOf(object)} is in ${other.place} already`);
      else
        report(`${place}: ${titleOf(object)} is in ${other.name}, ${other.place}, already: each would undo the other`);
    }
  }
  return problems;
}
