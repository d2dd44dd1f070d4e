import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { calicoManifest } from "./calico-manifest";

/** What of calico.yaml matters here, written for this test. */
const manifest = (env = "", tag = "v3.30.0") => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: calico-node, namespace: kube-system }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: calico-node, namespace: kube-system }
spec:
  template:
    spec:
      initContainers:
        - { name: install-cni, image: "docker.io/calico/cni:${tag}" }
      containers:
        - name: calico-node
          image: docker.io/calico/node:${tag}
          env:
            - { name: DATASTORE_TYPE, value: kubernetes }
${env}
`;
const version = "v3.30.0";
const pool = '            - { name: CALICO_IPV4POOL_CIDR, value: "192.168.0.0/16" }';

describe("calicoManifest", () => {
  it("gives the pool the pods' network, and leaves the rest as it is", () => {
    const { text, images, problems } = calicoManifest(manifest(), { version }, "10.5.0.0/16");
    expect(problems).toEqual([]);
    expect(images.map(({ image }) => image)).toEqual(["docker.io/calico/cni:v3.30.0", "docker.io/calico/node:v3.30.0"]);
    const [before, after] = [loadAll(manifest()), loadAll(text)];
    expect(after).toEqual([
      before[0],
      JSON.parse(
        JSON.stringify(before[1]).replace(
          '"value":"kubernetes"}',
          '"value":"kubernetes"},{"name":"CALICO_IPV4POOL_CIDR","value":"10.5.0.0/16"}',
        ),
      ),
    ]);
  });
  it("changes nothing where the pool is that network", () => {
    const { text, problems } = calicoManifest(manifest(pool), { version }, "192.168.0.0/16");
    expect(problems).toEqual([]);
    expect(loadAll(text)).toEqual(loadAll(manifest(pool)));
  });
  it("refuses another pool", () => {
    expect(calicoManifest(manifest(pool), { version }, "10.5.0.0/16").problems).toEqual([
      "CALICO_IPV4POOL_CIDR is 192.168.0.0/16, the cluster's pods are in 10.5.0.0/16 (kubeadm.podSubnet): take the variable out, or make them the same",
    ]);
  });
  it("refuses objects that Kubernetes takes no more", () => {
    const old = `---
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: { name: ippools.crd.projectcalico.org }
`;
    expect(calicoManifest(manifest() + old, { version }, "10.5.0.0/16").problems).toEqual([
      "CustomResourceDefinition ippools.crd.projectcalico.org: Kubernetes has had no apiextensions.k8s.io/v1beta1 since 1.22: give the manifest of a current release, such as v3.28, with its version as kubeadm.cni.version",
    ]);
  });
  it("refuses images of another version, a manifest without the agent, and what is no YAML", () => {
    expect(calicoManifest(manifest("", "v3.2.8"), { version }, "10.5.0.0/16").problems).toEqual([
      "DaemonSet kube-system/calico-node, init container install-cni has docker.io/calico/cni:v3.2.8, kubeadm.cni.version is v3.30.0: give the manifest of that version",
      "DaemonSet kube-system/calico-node, container calico-node has docker.io/calico/node:v3.2.8, kubeadm.cni.version is v3.30.0: give the manifest of that version",
    ]);
    expect(calicoManifest("kind: Namespace\n", { version }, "10.5.0.0/16").problems).toEqual([
      expect.stringContaining("expected one DaemonSet calico-node"),
    ]);
    expect(calicoManifest("a: [", { version }, "10.5.0.0/16").problems).toEqual([
      expect.stringMatching(/^is no YAML: /),
    ]);
  });
});
