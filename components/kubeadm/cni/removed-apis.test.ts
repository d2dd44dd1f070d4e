import { describe, expect, it } from "vitest";
import { removedApiProblems } from "./removed-apis";

const object = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name } });

describe("removedApiProblems", () => {
  it("names the first object of each API, and how many there are", () => {
    expect(
      removedApiProblems([
        object("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "bgppeers.crd.projectcalico.org"),
        object("policy/v1beta1", "PodDisruptionBudget", "calico-kube-controllers"),
        object("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "ippools.crd.projectcalico.org"),
        object("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "calico"),
        object("extensions/v1beta1", "DaemonSet", "calico-node"),
      ]),
    ).toEqual([
      "DaemonSet calico-node: Kubernetes has had no extensions/v1beta1 since 1.22",
      "CustomResourceDefinition bgppeers.crd.projectcalico.org and 1 more: Kubernetes has had no apiextensions.k8s.io/v1beta1 since 1.22",
      "ClusterRole calico: Kubernetes has had no rbac.authorization.k8s.io/v1beta1 since 1.22",
      "PodDisruptionBudget calico-kube-controllers: Kubernetes has had no policy/v1beta1 since 1.25",
    ]);
  });
  it("minds neither what is there, nor what is no object", () => {
    expect(
      removedApiProblems([
        object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "ippools.crd.projectcalico.org"),
        object("policy/v1", "PodDisruptionBudget", "calico-kube-controllers"),
        object("networking.k8s.io/v1beta1", "ServiceCIDR", "more"),
        object("v1", "ServiceAccount", "calico-node"),
        "text",
        { kind: "Namespace" },
      ]),
    ).toEqual([]);
  });
});
