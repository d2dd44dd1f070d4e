import { dump, loadAll } from "js-yaml";
import { z } from "zod";
import { imagesInManifests, type ManifestImage } from "../../manifests/images";
import { currentCalico } from "./calico-releases";
import type { CalicoConfig } from "./config";
import { removedApiProblems } from "./removed-apis";

const poolVariable = "CALICO_IPV4POOL_CIDR";

const variable = z.looseObject({ name: z.string(), value: z.string().optional() });
const agent = z.looseObject({
  kind: z.literal("DaemonSet"),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(z.looseObject({ name: z.string(), env: z.array(variable).nullish() })),
      }),
    }),
  }),
});

/** Calico's manifest, made for a cluster. */
export interface CalicoManifest {
  /** YAML documents. */
  readonly text: string;
  /** The images of its pods, each with the place that names it. */
  readonly images: readonly ManifestImage[];
  /** What does not go together, each as a sentence. */
  readonly problems: readonly string[];
}

/**
 * Calico's `calico.yaml` for a cluster: its pool of addresses is the cluster's podSubnet. One that names another pool is refused: pods would
 * land where nothing routes them. So is one whose images are of another version than the configured one, and one with objects that Kubernetes takes
 * no more.
 *
 * @param text - the file of a release.
 */
export function calicoManifest(
  text: string,
  { version }: Pick<CalicoConfig, "version">,
  podSubnet: string,
): CalicoManifest {
  let documents: unknown[];
  try {
    documents = loadAll(text).filter((document) => document != null);
  } catch (error) {
    return { text, images: [], problems: [`is no YAML: ${(error as Error).message}`] };
  }
  const problems = removedApiProblems(documents).map(
    (problem) =>
      `${problem}: give the manifest of a current release, such as ${currentCalico}, with its version as kubeadm.cni.version`,
  );
  let agents = 0;
  const made = documents.map((document) => {
    const parsed = agent.safeParse(document);
    if (!parsed.success || parsed.data.metadata.name !== "calico-node") return document;
    agents++;
    const { data } = parsed;
    const containers = data.spec.template.spec.containers.map((container) => {
      if (container.name !== "calico-node") return container;
      const env = container.env ?? [];
      const given = env.find(({ name }) => name === poolVariable);
      if (given?.value !== undefined && given.value !== podSubnet)
        problems.push(
          `${poolVariable} is ${given.value}, the cluster's pods are in ${podSubnet} (kubeadm.podSubnet): take the variable out, or make them the same`,
        );
      return given === undefined
        ? { ...container, env: [...env, { name: poolVariable, value: podSubnet }] }
        : container;
    });
    const { template } = data.spec;
    return { ...data, spec: { ...data.spec, template: { ...template, spec: { ...template.spec, containers } } } };
  });
  if (agents !== 1)
    problems.push(
      `expected one DaemonSet calico-node, as calico.yaml has it, found ${agents} (the operator's manifests are not supported)`,
    );
  const images = imagesInManifests(text);
  for (const { image, where } of images) {
    const tag = /:(v[^:@/]+)(@.*)?$/.exec(image)?.[1];
    if (/(^|\/)calico\//.test(image) && tag !== undefined && tag !== version)
      problems.push(`${where} has ${image}, kubeadm.cni.version is ${version}: give the manifest of that version`);
  }
  return { text: made.map((document) => dump(document, { lineWidth: -1 })).join("---\n"), images, problems };
}
