import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type V1ContainerStatus,
  type V1Deployment,
  type V1Node,
  type V1Pod,
} from "@kubernetes/client-node";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { clientFromBoard, type KubernetesClient } from "./client";

/** Whether something is as it should be, and if not, what is missing. */
export interface Health {
  readonly ready: boolean;
  /** One line for people: `node dev: NotReady (container runtime network not ready)`. */
  readonly detail: string;
  /** The API server did not answer: nothing was seen of the cluster. */
  readonly silent?: true;
}

/** What kubelet says of a node that lacks its pods' network and nothing else. */
const onlyNetwork = /^container runtime network not ready: [^\]]*$/;

/** Status of a node's Ready condition. With `networkLater` one counts that lacks nothing but its pods' network. */
export function nodeHealth(node: V1Node, networkLater = false): Health {
  const name = node.metadata?.name ?? "?";
  const condition = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (condition?.status === "True") return { ready: true, detail: `node ${name}: Ready` };
  if (networkLater && onlyNetwork.test(condition?.message ?? ""))
    return { ready: true, detail: `node ${name}: Ready but for its network` };
  return { ready: false, detail: `node ${name}: NotReady (${condition?.message ?? "no status yet"})` };
}

function containerTrouble(status: V1ContainerStatus): string | undefined {
  const waiting = status.state?.waiting;
  if (waiting?.reason !== undefined && waiting.reason !== "ContainerCreating" && waiting.reason !== "PodInitializing") {
    return `${status.name}: ${waiting.reason}${waiting.message === undefined ? "" : ` (${waiting.message})`}`;
  }
  const terminated = status.state?.terminated;
  if (terminated !== undefined && terminated.exitCode !== 0) {
    return `${status.name}: ${terminated.reason ?? "Error"} (exit code ${terminated.exitCode})`;
  }
  return undefined;
}

/** What makes a pod anew and never starts one again that has failed. A job's failure is the job's. */
export const replacingKinds: ReadonlySet<string> = new Set(["ReplicaSet", "DaemonSet", "StatefulSet"]);

/** Whether a pod only stays behind as a record, as an evicted one does for days after its disk was full: another has taken its place. */
export function isRecord({ metadata, status }: V1Pod): boolean {
  return status?.phase === "Failed" && (metadata?.ownerReferences ?? []).some(({ kind }) => replacingKinds.has(kind));
}

/** Status of a pod: Ready, finished (a job's), or what holds it up. */
export function podHealth(pod: V1Pod): Health {
  const name = `${pod.metadata?.namespace ?? "default"}/${pod.metadata?.name ?? "?"}`;
  const { phase, conditions = [], containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  if (phase === "Succeeded") return { ready: true, detail: `pod ${name}: Completed` };
  if (pod.metadata?.deletionTimestamp !== undefined) return { ready: false, detail: `pod ${name}: Terminating` };
  if (conditions.some(({ type, status }) => type === "Ready" && status === "True"))
    return { ready: true, detail: `pod ${name}: Ready` };
  const trouble = [...initContainerStatuses, ...containerStatuses]
    .map(containerTrouble)
    .filter((text) => text !== undefined);
  const unmet = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const reason =
    trouble.join("; ") || unmet?.message || (phase === "Running" ? "Running, not Ready" : (phase ?? "no status yet"));
  return { ready: false, detail: `pod ${name}: ${reason}` };
}

/** `docker.io/library/busybox` and `busybox` name the same image. */
function shortened(image: string): string {
  return image.replace(/^docker\.io\/(library\/)?/, "");
}

/**
 * Status of a deployment: all replicas of the newest generation available.
 *
 * @param image - the image that it must ask for; another one is that of a manifest that k3s has not applied yet.
 */
export function deploymentHealth(name: string, deployment: V1Deployment | undefined, image?: string): Health {
  if (deployment === undefined) return { ready: false, detail: `deployment ${name}: not there yet` };
  const asked = deployment.spec?.template.spec?.containers.map((container) => container.image ?? "") ?? [];
  if (image !== undefined && !asked.some((one) => shortened(one) === shortened(image)))
    return { ready: false, detail: `deployment ${name}: asks for ${asked.join(", ") || "no image"}, not for ${image}` };
  const wanted = deployment.spec?.replicas ?? 1;
  const { availableReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = deployment.status ?? {};
  const ready =
    observedGeneration >= (deployment.metadata?.generation ?? 0) &&
    updatedReplicas >= wanted &&
    availableReplicas >= wanted;
  return { ready, detail: `deployment ${name}: ${availableReplicas} of ${wanted} available` };
}

/** Several as one: ready where all are, and else what is missing, a line each. */
export function joined(parts: readonly Health[], good: string): Health {
  const bad = parts.filter(({ ready }) => !ready);
  return bad.length === 0
    ? { ready: true, detail: good }
    : { ready: false, detail: bad.map(({ detail }) => detail).join("\n") };
}

/** A failed request as one line: the API server's own message where there is one, never a header or a body. */
export function requestFailure(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "number")
    return `the API server answered ${error.code}`;
  return error instanceof Error ? error.message : String(error);
}

/** Which nodes count, and as what. */
export interface NodesExpected {
  /** Only this one. Defaults to all, of which there must be one at least. */
  readonly node?: string | undefined;
  /** Whether one counts that lacks nothing but its pods' network. Defaults to false. */
  readonly networkLater?: boolean | undefined;
}

/** The nodes of a cluster, or one of them. */
export async function nodesHealth(
  client: KubernetesClient,
  { node, networkLater }: NodesExpected = {},
): Promise<Health> {
  const { items } = await client.api(CoreV1Api).listNode();
  const nodes = items.filter(({ metadata }) => node === undefined || metadata?.name === node);
  if (nodes.length === 0)
    return {
      ready: false,
      detail: node === undefined ? "no node has registered yet" : `node ${node} has not registered yet`,
    };
  const parts = nodes.map((item) => nodeHealth(item, networkLater));
  return joined(parts, parts.map(({ detail }) => detail).join(", "));
}

/** Looks at a cluster through a kubeconfig on the board. A server that is down is an answer, not an error. That the run was cancelled is none: whoever waits would wait on. */
export async function askKubernetes(
  board: Board,
  kubeconfigPath: string,
  look: (client: KubernetesClient) => Promise<Health>,
): Promise<Health> {
  try {
    return await look(await clientFromBoard(board, kubeconfigPath));
  } catch (error) {
    if (error instanceof BoardError && error.trouble === "cancelled") throw error;
    return { ready: false, detail: `Kubernetes API: ${requestFailure(error)}`, silent: true };
  }
}

/**
 * Asks the API server behind a kubeconfig on the board whether it answers and whether its nodes are Ready. Never throws for a server that is
 * down: that is an answer.
 *
 * @throws BoardError `cancelled` where the run was cancelled.
 */
export function kubernetesHealth(board: Board, kubeconfigPath: string, expected?: NodesExpected): Promise<Health> {
  return askKubernetes(board, kubeconfigPath, (client) => nodesHealth(client, expected));
}

/** What {@link clusterHealth} looks for. */
export interface Expected {
  /** All pods of these namespaces count. */
  readonly namespaces: readonly string[];
  /** `namespace/name`. */
  readonly deployments: readonly string[];
  /** The image that a deployment must ask for, by `namespace/name`. */
  readonly images: Readonly<Record<string, string>>;
  /** SHA-256 (hex) by name, of manifests in k3s's auto-deploy directory. */
  readonly manifests: Readonly<Record<string, string>>;
}

/** Manifests that k3s has not applied yet, by the Addon that it keeps for each: until then, deployments are those of before. */
export function unappliedManifests(
  addons: readonly { readonly metadata?: { readonly name?: string }; readonly spec?: { readonly checksum?: string } }[],
  wanted: Readonly<Record<string, string>>,
): string[] {
  const applied = new Map(addons.map(({ metadata, spec }) => [metadata?.name, spec?.checksum]));
  return Object.keys(wanted).filter((name) => applied.get(name) !== wanted[name]);
}

async function manifestsHealth(client: KubernetesClient, wanted: Expected["manifests"]): Promise<Health> {
  if (Object.keys(wanted).length === 0) return { ready: true, detail: "" };
  const kind = { group: "k3s.cattle.io", version: "v1", namespace: "kube-system", plural: "addons" };
  // The client has no type for what others define.
  const { items } = (await client.api(CustomObjectsApi).listNamespacedCustomObject(kind)) as {
    items: Parameters<typeof unappliedManifests>[0];
  };
  const missing = unappliedManifests(items, wanted);
  return { ready: missing.length === 0, detail: `k3s has not applied ${missing.join(", ")} yet` };
}

/**
 * Nodes, the pods of some namespaces and some deployments, all together. Never throws for a server that is down.
 *
 * @throws BoardError `cancelled` where the run was cancelled.
 *
 */
export function clusterHealth(board: Board, kubeconfigPath: string, expected: Expected): Promise<Health> {
  return askKubernetes(board, kubeconfigPath, async (client) => {
    const nodes = await nodesHealth(client);
    if (!nodes.ready) return nodes;
    const applied = await manifestsHealth(client, expected.manifests);
    if (!applied.ready) return applied;
    const pods = (await client.api(CoreV1Api).listPodForAllNamespaces()).items.filter(
      (pod) =>
        expected.namespaces.includes(pod.metadata?.namespace ?? "") &&
        pod.metadata?.deletionTimestamp === undefined &&
        !isRecord(pod),
    );
    const deployments =
      expected.deployments.length === 0 ? [] : (await client.api(AppsV1Api).listDeploymentForAllNamespaces()).items;
    const named = (name: string) =>
      deployments.find(({ metadata }) => `${metadata?.namespace}/${metadata?.name}` === name);
    return joined(
      [
        ...expected.deployments.map((name) => deploymentHealth(name, named(name), expected.images[name])),
        ...pods.map(podHealth),
      ],
      `${nodes.detail}; ${pods.length === 1 ? "1 pod" : `${pods.length} pods`} Ready`,
    );
  });
}
