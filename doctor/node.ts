import type { Facts } from "./facts";

/** Whether it is kubeadm that makes the board a node: one that has k3s is k3s's, whatever else lies on it. */
export function isOfKubeadm({ k3s, kubeadm }: Facts): boolean {
  return kubeadm !== undefined && k3s?.role === undefined;
}
