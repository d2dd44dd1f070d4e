import { CoreV1Api, PatchStrategy, setHeaderOptions, type V1Node, type V1Pod } from "@kubernetes/client-node";
import type { KubernetesClient } from "./client";
import { refusal, unlessAbsent } from "./refusal";

/** How an eviction went: the pod is going or gone, or something, a PodDisruptionBudget as a rule, holds it for now. */
export type Eviction = { readonly held: string } | "going";

/** What is done with nodes and the pods on them. */
export interface NodeApi {
  /** `undefined` where there is no such node. */
  find(name: string): Promise<V1Node | undefined>;
  /** Merges a patch into a node. */
  merge(name: string, patch: object): Promise<void>;
  /** Deletes a node's object. Succeeds where it is gone already. */
  remove(name: string): Promise<void>;
  /** All pods that are bound to a node. */
  podsOn(name: string): Promise<V1Pod[]>;
  /** Asks for a pod to be evicted, which heeds PodDisruptionBudgets. */
  evict(pod: V1Pod): Promise<Eviction>;
}

/** {@link NodeApi} of a cluster. */
export function nodeApi(client: KubernetesClient): NodeApi {
  const core = client.api(CoreV1Api);
  return {
    find: (name) => unlessAbsent(core.readNode({ name })),
    async merge(name, patch) {
      await core.patchNode({ name, body: patch }, setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
    },
    async remove(name) {
      await unlessAbsent(core.deleteNode({ name }));
    },
    async podsOn(name) {
      return (await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` })).items;
    },
    async evict({ metadata }) {
      const { name = "", namespace = "default", uid } = metadata ?? {};
      // the pod that was looked at, not one of the same name that has come since
      const deleteOptions = uid === undefined ? {} : { deleteOptions: { preconditions: { uid } } };
      const body = { metadata: { name, namespace }, ...deleteOptions };
      try {
        await core.createNamespacedPodEviction({ name, namespace, body });
        return "going";
      } catch (error) {
        const { code } = refusal(error);
        if (code === 404 || code === 409) return "going";
        // "Too Many Requests" is what a budget says; 500 comes where several budgets are on one pod
        if (code === 429 || code === 500) return { held: refusal(error).message };
        throw error;
      }
    },
  };
}
