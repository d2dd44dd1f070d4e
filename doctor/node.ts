import { setting } from "./configuration";
import type { Facts, PodFacts } from "./facts";

/** Whether it is kubeadm that makes the board a node: one that has k3s is k3s's, whatever else lies on it. */
export function isOfKubeadm({ k3s, kubeadm }: Facts): boolean {
  return kubeadm !== undefined && k3s?.role === undefined;
}

/** Name of the board's own node; `undefined` where nothing tells it. */
export function ownNode(facts: Facts): string | undefined {
  const { host, nodes, pods, sandboxes } = facts;
  // k3s and kubelet take the host's name in lower case
  const names = [...setting(facts, "node-name"), ...(host === undefined ? [] : [host.hostname.toLowerCase()])];
  const named = names.find((name) => nodes === undefined || nodes.some((node) => node.name === name));
  if (named !== undefined) return named;
  if (nodes?.length === 1) return nodes[0]?.name;
  // kubelet may have been given any name: the runtime knows the pods that are here
  const here = new Set(sandboxes?.map(({ uid }) => uid));
  return pods?.find(({ uid }) => here.has(uid))?.node;
}

/** Pods of the board's own node, and those that no node has taken yet; all where it is not known which node is the board's. */
export function ownPods(facts: Facts): PodFacts[] {
  const own = ownNode(facts);
  return (facts.pods ?? []).filter(({ node }) => own === undefined || node === "" || node === own);
}
