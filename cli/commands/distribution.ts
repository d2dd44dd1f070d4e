import { isObject } from "../../provider/secrets";

/** What makes the cluster of a stack. */
export type Distribution = "k3s" | "kubeadm";

/**
 * What makes the cluster of a stack, by its configuration as Pulumi hands it out: Pulumi.yaml gives each stack the section of the other one too, with
 * nothing in it.
 */
export function distributionOf({ kubeadm }: Readonly<Record<string, unknown>>): Distribution {
  return isObject(kubeadm) && Object.keys(kubeadm).length > 0 ? "kubeadm" : "k3s";
}
