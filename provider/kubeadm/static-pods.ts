import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { askKubernetes, type Health, kubernetesHealth, podHealth } from "../kubernetes/health";
import type { Board } from "../ssh/board";
import { kubeadmPaths, staticPods } from "./phases";

/** What is lacking of the static pods of a control plane, by the pods that kubelet shows for them. */
export function staticPodsReady(pods: readonly V1Pod[]): Health {
  const lacking = staticPods.flatMap((name) => {
    const pod = pods.find(({ metadata }) => metadata?.labels?.component === name);
    const health = pod === undefined ? { ready: false, detail: `static pod ${name}: not there yet` } : podHealth(pod);
    return health.ready ? [] : [health.detail];
  });
  return { ready: lacking.length === 0, detail: lacking.join("\n") };
}

/**
 * Whether the API server answers, the control plane's node is Ready and so are its static pods. Never throws for a server that is down.
 *
 * @param node - name of that node.
 */
export async function staticPodsHealth(board: Board, node: string): Promise<Health> {
  const health = await kubernetesHealth(board, kubeadmPaths.superAdmin, { node });
  if (!health.ready) return health;
  return askKubernetes(board, kubeadmPaths.superAdmin, async (client) => {
    const { items } = await client
      .api(CoreV1Api)
      .listNamespacedPod({ namespace: "kube-system", labelSelector: "tier=control-plane" });
    return staticPodsReady(items);
  });
}
