import { loadAll } from "js-yaml";
import { z } from "zod";

const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** A problem of a manifest that k3s would only log. */
export class ManifestError extends Error {}

/**
 * The deployments of a manifest, as `namespace/name`: what the end of an `up` waits for.
 *
 * @param title - where the text comes from, for the error.
 * @throws ManifestError for text that is not YAML or holds something that is not a Kubernetes object.
 */
export function deploymentsOf(text: string, title: string): string[] {
  let documents: unknown[];
  try {
    documents = loadAll(text);
  } catch (error) {
    throw new ManifestError(
      `${title}: not YAML: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
    );
  }
  return documents
    .filter((document) => document !== null && document !== undefined)
    .flatMap((document, index) => {
      const parsed = object.safeParse(document);
      if (!parsed.success)
        throw new ManifestError(`${title}: document ${index + 1} is no Kubernetes object with kind and metadata.name`);
      const { kind, metadata } = parsed.data;
      return kind === "Deployment" ? [`${metadata.namespace ?? "default"}/${metadata.name}`] : [];
    });
}
