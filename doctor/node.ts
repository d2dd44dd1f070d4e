import { setting } from "./configuration";
import type { Facts, PodFacts } from "./facts";
import type { Finding } from "./findings";

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

/** The node that pods are on; `undefined` where they are on several. */
export function nodeOf(pods: readonly PodFacts[]): string | undefined {
  const [first] = pods;
  return pods.every(({ node }) => node === first?.node) ? first?.node : undefined;
}

/** What is known of the node that a pod is on: of another than the board's own only what the API server has. */
export function factsAt(facts: Facts, node: string): Facts {
  const own = ownNode(facts);
  if (own === undefined || node === "" || node === own) return facts;
  const { host: _host, images: _images, ...rest } = facts;
  return { ...rest, journal: {}, nodes: (facts.nodes ?? []).filter(({ name }) => name === node) };
}

/** Findings that are about the board itself, where they name no other node. */
export function ofOwnNode(facts: Facts, findings: readonly Finding[]): Finding[] {
  const node = ownNode(facts);
  return findings.map((one) => (node === undefined ? one : { node, ...one }));
}
