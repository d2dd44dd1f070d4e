import { AppsV1Api, CoreV1Api, VersionApi } from "@kubernetes/client-node";
import type { Board } from "../../provider/ssh/board";
import { kubernetesClient } from "../../provider/kubernetes/client";
import { requestFailure } from "../../provider/kubernetes/health";

/** Kubeconfigs of administrators, the first that is there is used: k3s's, kubeadm's. */
export const kubeconfigs = ["/etc/rancher/k3s/k3s.yaml", "/etc/kubernetes/admin.conf"] as const;

/** Seconds for all questions to the API server together. */
const apiSeconds = 15;
/** Events that are asked for at most. */
const eventLimit = 500;

/** What the API server said. What it did not say is not here. */
export interface ApiAnswers {
  readonly version?: string;
  readonly nodes?: unknown[];
  readonly pods?: unknown[];
  readonly events?: unknown[];
  readonly deployments?: unknown[];
  readonly corefile?: string;
  /** Why the rest is missing. */
  readonly trouble?: string;
}

/** Asks the API server that a kubeconfig names, through the board's SSH connection. Never throws, and ends in time. */
export async function askApi(board: Board, kubeconfig: string): Promise<ApiAnswers> {
  let answers: ApiAnswers = {};
  const add = (more: ApiAnswers) => {
    answers = { ...answers, ...more };
  };
  const ask = async () => {
    const client = await kubernetesClient(board, kubeconfig);
    const core = client.api(CoreV1Api);
    add({ version: (await client.api(VersionApi).getCode()).gitVersion });
    add({ nodes: (await core.listNode()).items });
    add({ pods: (await core.listPodForAllNamespaces()).items });
    add({ events: (await core.listEventForAllNamespaces({ limit: eventLimit })).items });
    add({ deployments: (await client.api(AppsV1Api).listDeploymentForAllNamespaces()).items });
    const maps = await core.listNamespacedConfigMap({
      namespace: "kube-system",
      fieldSelector: "metadata.name=coredns",
    });
    const corefile = maps.items[0]?.data?.Corefile;
    if (corefile !== undefined) add({ corefile });
  };
  const asked = ask().catch((error: unknown) => add({ trouble: requestFailure(error) }));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), apiSeconds * 1000);
  });
  const end = await Promise.race([asked, late]);
  clearTimeout(timer);
  return end === "late" ? { ...answers, trouble: `the API server did not answer within ${apiSeconds} s` } : answers;
}
