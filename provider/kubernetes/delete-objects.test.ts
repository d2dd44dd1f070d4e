import { describe, expect, it } from "vitest";
import { deleteOwnedObjects, StillThere } from "./delete-objects";
import type { KubernetesObject, ObjectMetadata } from "./manifest-documents";
import { MemoryApi } from "./memory-api";
import { deployedLabel } from "./owned-objects";

const kinds = {
  map: { apiVersion: "v1", kind: "ConfigMap" },
  namespace: { apiVersion: "v1", kind: "Namespace" },
  deployment: { apiVersion: "apps/v1", kind: "Deployment" },
  hook: { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration" },
  definition: { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
  toy: { apiVersion: "example.test/v1", kind: "Toy" },
} as const;

type Kind = (typeof kinds)[keyof typeof kinds];

function deployed(
  kind: Kind,
  name: string,
  metadata: Partial<ObjectMetadata> = {},
  addon = "custom-web",
): KubernetesObject {
  return {
    ...kind,
    metadata: {
      name,
      ...metadata,
      labels: { [deployedLabel]: "0", ...metadata.labels },
      annotations: {
        "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
        "objectset.rio.cattle.io/owner-name": addon,
        "objectset.rio.cattle.io/owner-namespace": "kube-system",
      },
    },
  };
}

function cluster(...objects: KubernetesObject[]): MemoryApi {
  const memory = new MemoryApi([
    "k3s.cattle.io/v1 Addon",
    "v1 ConfigMap",
    "v1 Namespace*",
    "apps/v1 Deployment",
    "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration*",
    "apiextensions.k8s.io/v1 CustomResourceDefinition*",
    "example.test/v1 Toy",
  ]);
  memory.objects.push(...objects);
  return memory;
}

const addon = (gvks: string): KubernetesObject => ({
  apiVersion: "k3s.cattle.io/v1",
  kind: "Addon",
  metadata: { name: "custom-web", namespace: "kube-system", annotations: { "addon.k3s.cattle.io/gvks": gvks } },
});

async function run(memory: MemoryApi, of: readonly Kind[] = Object.values(kinds)): Promise<string[]> {
  const said: string[] = [];
  const log = (_severity: string, message: string) => void said.push(message);
  await deleteOwnedObjects({ api: memory.api, addon: "custom-web", kinds: of, timeoutSeconds: 0, log });
  return said;
}

describe("deleteOwnedObjects", () => {
  it("takes custom objects first, then hooks, the rest, definitions, namespaces, and last k3s's own record", async () => {
    const memory = cluster(
      deployed(kinds.namespace, "shop"),
      deployed(kinds.definition, "toys.example.test"),
      deployed(kinds.deployment, "web", { namespace: "shop" }),
      deployed(kinds.hook, "check"),
      deployed(kinds.toy, "car", { namespace: "shop" }),
      addon(""),
    );
    await run(memory);
    expect(memory.deleted).toEqual([
      "Toy car",
      "ValidatingWebhookConfiguration check",
      "Deployment web",
      "CustomResourceDefinition toys.example.test",
      "Namespace shop",
      "Addon custom-web",
    ]);
    expect(memory.objects).toEqual([]);
  });

  it("leaves alone what is not ours: another file's, a person's of the same name, what has been taken over", async () => {
    const others = [
      deployed(kinds.map, "theirs", {}, "custom-other"),
      { ...kinds.map, metadata: { name: "by-hand" } },
      { ...kinds.map, metadata: { name: "label-only", labels: { [deployedLabel]: "0" } } },
    ];
    const memory = cluster(...others);
    await run(memory);
    expect(memory.objects).toEqual(others);
  });

  it("finds kinds that only k3s remembers", async () => {
    const memory = cluster(deployed(kinds.deployment, "old"), addon("apps/v1, Kind=Deployment;/v1, Kind=Secret"));
    await run(memory, []);
    expect(memory.objects).toEqual([]);
  });

  it("keeps what is labelled so, eternal namespaces, and namespaces in which others have put something", async () => {
    const memory = cluster(
      deployed(kinds.namespace, "default"),
      deployed(kinds.namespace, "shop"),
      deployed(kinds.namespace, "empty"),
      deployed(kinds.map, "kept", { labels: { "objectset.rio.cattle.io/prune": "false" } }),
      { ...kinds.map, metadata: { name: "notes", namespace: "shop", managedFields: [{ manager: "kubectl-create" }] } },
      { ...kinds.map, metadata: { name: "kube-root-ca.crt", namespace: "empty", managedFields: [{ manager: "k3s" }] } },
    );
    const said = await run(memory);
    expect(said).toEqual([
      "ConfigMap kept stays: it has the label objectset.rio.cattle.io/prune=false",
      "Namespace default stays: Kubernetes does not let it go",
      "Namespace shop stays: others have put something into it (ConfigMap shop/notes)",
      "deleted Namespace empty",
    ]);
    expect(memory.deleted).toEqual(["Namespace empty"]);
  });

  it("names what finalizers hold, keeps k3s's record for the next run, and goes no further", async () => {
    const memory = cluster(
      deployed(kinds.map, "stuck", { finalizers: ["example.test/hold"] }),
      deployed(kinds.namespace, "shop"),
      addon(""),
    );
    const failed = run(memory);
    await expect(failed).rejects.toThrow(StillThere);
    await expect(failed).rejects.toThrow("ConfigMap stuck is still there, held by the finalizers example.test/hold");
    expect(memory.objects.map(({ kind }) => kind)).toEqual(["ConfigMap", "Namespace", "Addon"]);
  });

  it("has nothing to do the second time, and on a cluster without k3s's kinds", async () => {
    expect(await run(cluster())).toEqual([]);
    const { api } = new MemoryApi([]);
    const nothing = { api, addon: "x", kinds: [kinds.map], timeoutSeconds: 0, log: () => undefined };
    await expect(deleteOwnedObjects(nothing)).resolves.toBeUndefined();
  });
});
