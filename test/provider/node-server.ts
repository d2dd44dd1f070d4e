import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { runCommand } from "../../tools/command";

/** What a client asks of a node in a merge patch. */
interface Patch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> };
  readonly spec: { readonly unschedulable: boolean | null };
}

/** As much of an API server as a drain asks for: a Ready node and its pods. It is on this machine, whose network the boards of these tests share. */
export class NodeServer {
  readonly node: V1Node;
  pods: V1Pod[] = [];
  /** A PodDisruptionBudget holds all pods. */
  held = false;
  /** What was done, in order. */
  readonly done: string[] = [];

  private constructor(
    name: string,
    private readonly server: Server,
    /** A kubeconfig for it. */
    readonly kubeconfig: string,
  ) {
    this.node = { metadata: { name, annotations: {} }, status: { conditions: [{ type: "Ready", status: "True" }] } };
  }

  /** @param directory - for its certificate. */
  static async start(directory: string, name: string): Promise<NodeServer> {
    const certificate = join(directory, "api.crt");
    const key = join(directory, "api.key");
    const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    await runCommand("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", certificate, ...subject]);
    const pem = readFileSync(certificate);
    const server = createServer({ cert: pem, key: readFileSync(key) });
    // an API server does not end connections that are idle for five seconds, which is Node's default
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const kubeconfig = JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "test",
          cluster: {
            server: `https://127.0.0.1:${port}`,
            "certificate-authority-data": pem.toString("base64"),
          },
        },
      ],
      users: [{ name: "test", user: { token: "t" } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    });
    const started = new NodeServer(name, server, kubeconfig);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const [status, body] = started.#answer(
          `${request.method ?? ""} ${request.url ?? ""}`,
          Buffer.concat(chunks).toString(),
        );
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
    return started;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  #answer(request: string, body: string): [number, object] {
    if (/^GET \/api\/v1\/nodes\/\w+$/.test(request)) return [200, this.node];
    if (/^PATCH \/api\/v1\/nodes\/\w+$/.test(request)) return [200, this.#patch(JSON.parse(body) as Patch)];
    if (/^GET \/api\/v1\/pods\?/.test(request)) return [200, { items: this.pods }];
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
