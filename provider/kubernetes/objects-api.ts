import { isObject } from "../secrets";
import type { KubernetesObject } from "./manifest-documents";

/** A request to an API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with query. */
  readonly path: string;
  readonly body?: unknown;
  /** Defaults to `application/json`. */
  readonly contentType?: string;
}

/** What it answered. */
export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON; `undefined` where it was none. */
  readonly body: unknown;
  /** Values of `Warning` headers. */
  readonly warnings: readonly string[];
}

/** Sends a request. Rejects only where no answer came. */
export type SendToApi = (request: ApiRequest) => Promise<ApiAnswer>;

/** Where objects of a kind are. */
export interface ApiResource {
  readonly name: string;
  readonly namespaced: boolean;
}

/** An answer that is no success, in the API server's own words. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";

  constructor(
    readonly status: number,
    message: string,
    /** Fields that it is about, such as `spec.replicas`. */
    readonly fields: readonly string[],
  ) {
    super(message);
  }
}

/**
 * Objects of any kind, as plain JSON. The client library's own serializer leaves out every field that it does not know, so that what a
 * server would refuse never reaches it.
 */
export class ObjectsApi {
  readonly #groups = new Map<string, Promise<ReadonlyMap<string, ApiResource>>>();

  constructor(private readonly send: SendToApi) {}

  /** Where objects of a kind are; `undefined` where the server does not have the kind. */
  async resource({ apiVersion, kind }: Kind): Promise<ApiResource | undefined> {
    const group = this.#groups.get(apiVersion) ?? this.discover(apiVersion);
    this.#groups.set(apiVersion, group);
    try {
      const found = (await group).get(kind);
      // a kind can be defined at any time
      if (found === undefined) this.#groups.delete(apiVersion);
      return found;
    } catch (error) {
      this.#groups.delete(apiVersion);
      throw error;
    }
  }

  /** The object as it is in the cluster; `undefined` where it is not there. */
  async find(object: KubernetesObject, resource: ApiResource): Promise<KubernetesObject | undefined> {
    const answer = await this.send({ method: "GET", path: pathOf(object, resource) });
    return answer.status === 404 ? undefined : (success(answer).body as KubernetesObject);
  }

  /** Objects of a kind, in one namespace or in all. None where the server does not have the kind. */
  async list(kind: Kind, where: { labelSelector?: string; namespace?: string }): Promise<KubernetesObject[]> {
    const resource = await this.resource(kind);
    if (resource === undefined) return [];
    const namespace = where.namespace === undefined ? "" : `/namespaces/${encodeURIComponent(where.namespace)}`;
    const query = where.labelSelector === undefined ? "" : `?labelSelector=${encodeURIComponent(where.labelSelector)}`;
    const path = `${root(kind.apiVersion)}${namespace}/${resource.name}${query}`;
    const answer = await this.send({ method: "GET", path });
    // the definition may have gone since it was looked up
    if (answer.status === 404) return [];
    const { items } = success(answer).body as { items: Omit<KubernetesObject, "apiVersion" | "kind">[] };
    // items of a list do not repeat what they are
    return items.map((item) => ({ ...item, ...kind }) as KubernetesObject);
  }

  /** Deletes an object and what it owns. Succeeds where it is gone already; what has finalizers is gone later. */
  async delete(object: KubernetesObject): Promise<void> {
    const resource = await this.resource(object);
    if (resource === undefined) return;
    const answer = await this.send({
      method: "DELETE",
      path: pathOf(object, resource),
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" },
    });
    if (answer.status !== 404) success(answer);
  }

  /** What the server says of creating an object, without doing it. */
  dryCreate(object: KubernetesObject, resource: ApiResource): Promise<ApiAnswer> {
    const collection = pathOf(object, resource).replace(/\/[^/]*$/, "");
    return this.send({ method: "POST", path: `${collection}?dryRun=All&fieldManager=${manager}`, body: object });
  }

  /** What the server says of applying an object, without doing it. */
  dryApply(object: KubernetesObject, resource: ApiResource): Promise<ApiAnswer> {
    const path = `${pathOf(object, resource)}?dryRun=All&fieldManager=${manager}&force=true`;
    return this.send({ method: "PATCH", path, body: object, contentType: "application/apply-patch+yaml" });
  }

  /** What the server says of merging a patch into an object, without doing it. */
  dryMerge(object: KubernetesObject, resource: ApiResource, patch: unknown): Promise<ApiAnswer> {
    const path = `${pathOf(object, resource)}?dryRun=All&fieldManager=${manager}`;
    return this.send({ method: "PATCH", path, body: patch, contentType: "application/merge-patch+json" });
  }

  private async discover(apiVersion: string): Promise<ReadonlyMap<string, ApiResource>> {
    const answer = await this.send({ method: "GET", path: root(apiVersion) });
    if (answer.status === 404) return new Map();
    const { resources } = success(answer).body as { resources: (ApiResource & { kind: string })[] };
    // subresources (`deployments/scale`) have kinds of their own
    return new Map(resources.filter(({ name }) => !name.includes("/")).map((resource) => [resource.kind, resource]));
  }
}

/** A kind of objects. */
export type Kind = Pick<KubernetesObject, "apiVersion" | "kind">;

/** Under this name the server would note who has set a field; a dry run notes nothing. */
const manager = "k3s-board";

function root(apiVersion: string): string {
  return `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`;
}

function pathOf({ apiVersion, metadata }: KubernetesObject, { name, namespaced }: ApiResource): string {
  const namespace = namespaced ? `/namespaces/${encodeURIComponent(metadata.namespace ?? "default")}` : "";
  return `${root(apiVersion)}${namespace}/${name}/${encodeURIComponent(metadata.name)}`;
}

function success(answer: ApiAnswer): ApiAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refusalIn(answer);
}

/** The reason in an answer that is no success. */
export function refusalIn({ status, body }: ApiAnswer): ApiRefusal {
  const said: Readonly<Record<string, unknown>> = isObject(body) ? body : {};
  const message =
    typeof said.message === "string" && said.message !== "" ? said.message : `the API server answered ${status}`;
  const causes = isObject(said.details) && Array.isArray(said.details.causes) ? (said.details.causes as unknown[]) : [];
  const fields = causes.flatMap((cause) => (isObject(cause) && typeof cause.field === "string" ? [cause.field] : []));
  return new ApiRefusal(status, message, fields);
}
