import { CoreV1Api, KubeConfig, type V1Node, type V1Pod } from "@kubernetes/client-node";
import { nodeHealth, podHealth } from "../../provider/kubernetes/health";
import type { Board } from "../../provider/ssh/board";
import { ExpectedError } from "../errors";
import { findImage, parseImageList, shortDigest, table, type ImageOnBoard } from "./tables";

/** Nodes and pods, as the API server tells them. */
export interface ClusterView {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
}

/**
 * Asks the cluster from outside, at the address in the kubeconfig of the stack.
 *
 * @throws ExpectedError where that address does not answer.
 */
export async function lookAtCluster(kubeconfig: string): Promise<ClusterView> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  try {
    const [nodes, pods] = await Promise.all([api.listNode(), api.listPodForAllNamespaces()]);
    return { nodes: nodes.items, pods: pods.items };
  } catch (error) {
    const server = config.getCurrentCluster()?.server ?? "no server";
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ExpectedError(`the kubeconfig of the stack leads to ${server}, which does not answer: ${reason}`);
  }
}

/** The images in the board's containerd, with the platform that containerd reads from each image. */
export async function imagesOnBoard(board: Board): Promise<ImageOnBoard[]> {
  const purpose = "listing the images in containerd";
  const result = await board.run("PATH=$PATH:/usr/local/bin; exec k3s ctr --namespace k8s.io images ls", {
    purpose,
    timeoutSeconds: 120,
  });
  if (result.code !== 0) throw new ExpectedError(`${board.label}: ${purpose} failed: ${result.stderr.trim()}`);
  return parseImageList(result.stdout);
}

/** Name, status, version, architecture and kernel of each node. Pure. */
export function nodeTable(nodes: readonly V1Node[]): string {
  return table(
    ["NODE", "STATUS", "VERSION", "ARCH", "KERNEL", "RUNTIME"],
    nodes.map((node) => {
      const info = node.status?.nodeInfo;
      return [
        node.metadata?.name ?? "?",
        nodeHealth(node).ready ? "Ready" : "NotReady",
        info?.kubeletVersion ?? "?",
        info?.architecture ?? "?",
        info?.kernelVersion ?? "?",
        info?.containerRuntimeVersion ?? "?",
      ];
    }),
  );
}

/** Each container with its image, and what the image on the board is for. Pure. */
export function podTable(pods: readonly V1Pod[], images: readonly ImageOnBoard[], ours: ReadonlySet<string>): string {
  return table(
    ["POD", "STATUS", "IMAGE", "PLATFORM ON THE BOARD", "BUILT HERE"],
    pods.flatMap((pod) =>
      (pod.status?.containerStatuses ?? []).map(({ image, imageID }) => {
        const found = findImage(images, imageID, image);
        return [
          `${pod.metadata?.namespace}/${pod.metadata?.name}`,
          podHealth(pod).ready ? (pod.status?.phase ?? "?") : "not ready",
          image,
          found?.platforms.join(",") ?? "?",
          found && ours.has(found.digest) ? "yes" : "no",
        ];
      }),
    ),
  );
}

/** The images that the stack built, as they are on the board. Pure. */
export function imageTable(built: Readonly<Record<string, string>>, images: readonly ImageOnBoard[]): string {
  return table(
    ["IMAGE BUILT FOR THE BOARD", "DIGEST", "PLATFORM ON THE BOARD"],
    Object.entries(built).map(([name, digest]) => {
      const found = images.find((image) => image.name === name || image.digest === digest);
      const there = found?.digest === digest ? found.platforms.join(",") : found ? "another digest" : "not pulled";
      return [name, shortDigest(digest), there];
    }),
  );
}
