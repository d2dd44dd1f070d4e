import { z } from "zod";

/**
 * APIs that no supported Kubernetes has any more, with the release that is the first without (kubernetes.io: Deprecated API Migration Guide). Some that
 * are not here have come back with other kinds in them.
 */
const removedApis: Readonly<Record<string, string>> = {
  "apps/v1beta1": "1.16",
  "apps/v1beta2": "1.16",
  "extensions/v1beta1": "1.22",
  "apiextensions.k8s.io/v1beta1": "1.22",
  "rbac.authorization.k8s.io/v1beta1": "1.22",
  "policy/v1beta1": "1.25",
};

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/**
 * Objects of a manifest that no supported Kubernetes takes: one sentence for each API, without what to do.
 *
 * @param documents - the manifest's, parsed.
 */
export function removedApiProblems(documents: readonly unknown[]): string[] {
  const objects = documents.flatMap((document) => {
    const { data } = object.safeParse(document);
    return data === undefined ? [] : [data];
  });
  return Object.entries(removedApis).flatMap(([api, since]) => {
    const [first, ...others] = objects.filter(({ apiVersion }) => apiVersion === api);
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return [`${first.kind} ${first.metadata.name}${more}: Kubernetes has had no ${api} since ${since}`];
  });
}
