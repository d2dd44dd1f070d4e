import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory, good } from "./mocked-engine";
import { silentProgress } from "../tools/progress";
import { stackAudit } from "./audit";

const pod = (name: string, image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: c, image: "${image}" }] }\n`;

/** Who asks for each image that the audit of a stack looks at, by its name. */
async function asked(values: Record<string, unknown>) {
  const args = { pageSize: 4096, progress: silentProgress, say: () => undefined };
  const subjects = await stackAudit(values).subjects(args);
  return new Map(subjects.map((subject) => [subject.name, subject]));
}

describe("what the audit of a stack looks at", () => {
  it("is what manifests and workloads name, besides what the stack plans", async () => {
    const subjects = await asked({
      ...good,
      manifests: { web: { yaml: pod("web", "shop/web:1") } },
      workloads: { app: { yaml: pod("app", "shop/app:1") } },
    });
    expect(subjects.get("docker.io/shop/web:1")).toEqual({
      name: "docker.io/shop/web:1",
      askedBy: "Pod default/web, container c",
      source: { kind: "registry" },
    });
    expect(subjects.get("docker.io/shop/app:1")?.askedBy).toBe("Pod default/app, container c");
    expect(subjects.get("docker.io/rancher/mirrored-coredns-coredns:1.14.6")?.askedBy).toBe("k3s");
  });

  it("is what the manifest of a kubeadm stack's network names", async () => {
    const manifest = join(directory, "calico.yaml");
    writeFileSync(
      manifest,
      `apiVersion: apps/v1
kind: DaemonSet
metadata: { name: calico-node, namespace: kube-system }
spec:
  template:
    spec:
      containers:
        - name: calico-node
          image: docker.io/rancher/klipper-calico/node:v3.30.0
          env: [{ name: CALICO_IPV4POOL_CIDR, value: "10.244.0.0/16" }]
`,
    );
    const { k3s: _k3s, ...others } = good;
    const cni = { kind: "calico", version: "v3.30.0", manifest };
    const subjects = await asked({
      ...others,
      board: { ...good.board, arch: "arm64" },
      kubeadm: { version: "v1.36.3", podSubnet: "10.244.0.0/16", cni },
      workloads: { app: { yaml: pod("app", "shop/app:1") } },
    });
    const network = subjects.get("docker.io/rancher/klipper-calico/node:v3.30.0");
    expect(network?.askedBy).toBe("DaemonSet kube-system/calico-node, container calico-node");
    expect(network?.planned).toBeDefined();
    expect(subjects.get("docker.io/shop/app:1")?.askedBy).toBe("Pod default/app, container c");
    expect(subjects.get("registry.k8s.io/etcd:3.6.8-0")?.askedBy).toBe("kubeadm");
  });
});
