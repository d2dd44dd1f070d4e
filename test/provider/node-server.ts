import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { type ApiAnswer, type ApiServer, startApiServer } from "./api-server";

/** What a client asks of a node in a merge patch. */
interface Patch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> };
  readonly spec: { readonly unschedulable: boolean | null };
}

/** As much of an API server as a drain asks for: a Ready node and its pods. It is on this machine, whose network the boards of these tests share. */
export class NodeServer {
  readonly node: V1Node;
  pods: V1Pod[] = [];
  /** What is answered to a look at the pods. */
  seen: () => V1Pod[] = () => this.pods;
  /** When its kubelet was heard of last; a time of the board's own clock, which is this machine's. */
  renewed: () => Date = () => new Date();
  /** A PodDisruptionBudget holds all pods. */
  held = false;
  /** What was done, in order. */
  readonly done: string[] = [];

  #server: ApiServer | undefined;

  private constructor(name: string) {
    this.node = { metadata: { name, annotations: {} }, status: { conditions: [{ type: "Ready", status: "True" }] } };
  }

  /** @param directory - for its certificate. */
  static async start(directory: string, name: string): Promise<NodeServer> {
    const started = new NodeServer(name);
    started.#server = await startApiServer(directory, ({ line, body }) => started.#answer(line, body));
    return started;
  }

  /** A kubeconfig for it. */
  get kubeconfig(): string {
    return this.#server?.kubeconfig ?? "";
  }

  stop(): void {
    this.#server?.stop();
  }

  #answer(request: string, body: string): ApiAnswer {
    if (/^GET \/api\/v1\/nodes\/\w+$/.test(request)) return [200, this.node];
    if (request === "GET /api/v1/nodes") return [200, { items: [this.node] }];
    if (/^GET .*\/kube-node-lease\/leases\/\w+$/.test(request))
      return [200, { spec: { renewTime: this.renewed().toISOString().replace("Z", "000Z") } }];
    if (/^PATCH \/api\/v1\/nodes\/\w+$/.test(request)) return [200, this.#patch(JSON.parse(body) as Patch)];
    if (/^GET \/api\/v1\/pods\?/.test(request)) return [200, { items: this.seen() }];
    if (/^POST \/api\/v1\/.*\/eviction$/.test(request)) {
      if (this.held) return [429, { message: "a budget holds it" }];
      this.done.push("evict");
      this.pods = [];
      return [201, {}];
    }
    return [404, {}];
  }

  #patch({ metadata, spec }: Patch): V1Node {
    const annotations = this.node.metadata?.annotations ?? {};
    for (const [key, value] of Object.entries(metadata.annotations)) {
      if (value === null) Reflect.deleteProperty(annotations, key);
      else annotations[key] = value;
    }
    this.node.spec = spec.unschedulable === null ? {} : { unschedulable: spec.unschedulable };
    this.done.push(spec.unschedulable ? "cordon" : "uncordon");
    return this.node;
  }
}
