import { loadAll } from "js-yaml";
import { z } from "zod";
import { kubernetesYaml } from "../../provider/kubernetes/manifest-documents";

/** An image that a manifest names. */
export interface ManifestImage {
  /** The name as it is written. */
  readonly image: string;
  /** The first place that names it: `Deployment default/web, container web`. */
  readonly where: string;
}

const container = z.looseObject({ name: z.string().optional(), image: z.string().optional() });
const containers = z.array(container).nullish();
const podSpec = z.looseObject({
  initContainers: containers,
  containers,
  ephemeralContainers: containers,
  volumes: z
    .array(
      z.looseObject({
        name: z.string().optional(),
        image: z.looseObject({ reference: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
});
const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }).nullish(),
});

/** Where the pod is in each kind that has one. */
export const podPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  PodTemplate: ["template", "spec"],
  Deployment: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  ReplicationController: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/**
 * The images of a manifest's workloads: of containers, init containers, ephemeral containers and image volumes, in objects and in lists of
 * objects. Each name is told once. What is no workload is passed over.
 *
 * @param text - YAML, one or more documents.
 * @throws for text that is not YAML.
 */
export function imagesInManifests(text: string): ManifestImage[] {
  const found = loadAll(text, { schema: kubernetesYaml }).flatMap(imagesOf);
  return found.filter(({ image }, index) => found.findIndex((other) => other.image === image) === index);
}

function imagesOf(document: unknown): ManifestImage[] {
  const parsed = object.safeParse(document);
  if (!parsed.success) return [];
  const { kind, metadata } = parsed.data;
  if (kind.endsWith("List") && Array.isArray(parsed.data.items))
    return (parsed.data.items as unknown[]).flatMap(imagesOf);
  const path = podPaths[kind];
  const pod = path === undefined ? undefined : podSpec.safeParse(path.reduce(member, parsed.data as unknown));
  if (!pod?.success) return [];
  const owner = `${kind} ${metadata?.namespace ?? "default"}/${metadata?.name ?? "?"}`;
  const { initContainers, containers: main, ephemeralContainers, volumes } = pod.data;
  const groups = [
    { what: "init container", list: initContainers },
    { what: "container", list: main },
    { what: "ephemeral container", list: ephemeralContainers },
    { what: "volume", list: volumes?.map(({ name, image }) => ({ name, image: image?.reference })) },
  ];
  return groups.flatMap(({ what, list }) =>
    (list ?? []).flatMap(({ name, image }) =>
      image ? [{ image, where: `${owner}, ${what}${name === undefined ? "" : ` ${name}`}` }] : [],
    ),
  );
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
