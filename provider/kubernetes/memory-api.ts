import type { KubernetesObject } from "./manifest-documents";
import { ObjectsApi, type SendToApi } from "./objects-api";

/** An API server in memory for tests: discovery, lists by namespace and label, deletion with finalizers. It validates nothing. */
export class MemoryApi {
  readonly objects: KubernetesObject[] = [];
  /** Kinds and names in the order in which their deletion was asked for. */
  readonly deleted: string[] = [];

  /** @param kinds - `apps/v1 Deployment`, with a `*` behind those that are in no namespace. */
  constructor(private readonly kinds: readonly string[]) {}

  readonly api = new ObjectsApi((request) => this.answer(request));

  private answer({ method, path }: Parameters<SendToApi>[0]): ReturnType<SendToApi> {
    const url = new URL(path, "https://api.test");
    const [, , apiVersion = "", rest = ""] =
      /^\/(api|apis)\/((?:[^/]+\.[^/]+\/|apps\/|batch\/)?v[^/]+)(.*)$/.exec(url.pathname) ?? [];
    const ofVersion = this.kinds.filter((kind) => kind.startsWith(`${apiVersion} `));
    const reply = (status: number, body: unknown) => Promise.resolve({ status, body, warnings: [] });
    if (rest === "") {
      if (ofVersion.length === 0) return reply(404, {});
      const resources = ofVersion.map((text) => {
        const kind = text.split(" ")[1]?.replace("*", "") ?? "";
        return { name: `${kind.toLowerCase()}s`, kind, namespaced: !text.endsWith("*") };
      });
      return reply(200, { resources });
    }
    const [, namespace, plural, name] = /^(?:\/namespaces\/([^/]+))?\/(\w+)(?:\/([^/]+))?$/.exec(rest) ?? [];
    const label = url.searchParams.get("labelSelector");
    const found = this.objects.filter(
      (object) =>
        object.apiVersion === apiVersion &&
        `${object.kind.toLowerCase()}s` === plural &&
        (namespace === undefined || (object.metadata.namespace ?? "default") === namespace) &&
        (name === undefined || object.metadata.name === name) &&
        (label === null || label in (object.metadata.labels ?? {})),
    );
    if (name === undefined) return reply(200, { items: structuredClone(found) });
    const [object] = found;
    if (object === undefined) return reply(404, {});
    if (method === "DELETE") this.remove(object);
    return reply(200, object);
  }

  private remove(object: KubernetesObject): void {
    this.deleted.push(`${object.kind} ${object.metadata.name}`);
    const index = this.objects.indexOf(object);
    if ((object.metadata.finalizers ?? []).length === 0) this.objects.splice(index, 1);
    else
      this.objects[index] = { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
  }
}
