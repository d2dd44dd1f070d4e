import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runCommand } from "../../tools/command";

/** A request as an {@link ApiServer} gets it. */
export interface ApiRequest {
  /** `GET /api/v1/nodes/one`. */
  readonly line: string;
  readonly body: string;
  /** The bearer token; empty where there is none. */
  readonly token: string;
}

/** Status and body of an answer; a text goes as it is. */
export type ApiAnswer = readonly [number, object | string];

/** A stand-in for an API server, on this machine, whose network the boards of these tests share. */
export interface ApiServer {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** Its certificate, which is its CA's too, PEM. */
  readonly ca: string;
  /** A kubeconfig for it. */
  readonly kubeconfig: string;
  readonly stop: () => void;
}

/** Where the certificate and key of a server lie: {@link startApiServer}. */
export function apiCertificate(directory: string): { readonly certificate: string; readonly key: string } {
  return { certificate: join(directory, "api.crt"), key: join(directory, "api.key") };
}

/**
 * Starts a stand-in for an API server.
 *
 * @param directory - for its certificate.
 * @param answer - gives the answer to a request.
 */
export async function startApiServer(
  directory: string,
  answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>,
): Promise<ApiServer> {
  const { certificate, key } = apiCertificate(directory);
  const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await runCommand("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", certificate, ...subject]);
  const pem = readFileSync(certificate);
  const server = createServer({ cert: pem, key: readFileSync(key) });
  // an API server does not end connections that are idle for five seconds, which is Node's default
  server.keepAliveTimeout = 0;
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const line = `${request.method ?? ""} ${request.url ?? ""}`;
      const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
      void Promise.resolve(answer({ line, body: Buffer.concat(chunks).toString(), token })).then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = { server: url, "certificate-authority-data": pem.toString("base64") };
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "test", user: { token: "t" } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
  return {
    url,
    ca: pem.toString(),
    kubeconfig,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
