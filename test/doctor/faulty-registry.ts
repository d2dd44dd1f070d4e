import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An index that has an image for another machine only. */
const elsewhere = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [
    {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${"a".repeat(64)}`,
      size: 500,
      platform: { os: "linux", architecture: "s390x" },
    },
  ],
});

/** A registry on loopback, http, with one fault by name: `forbidden` wants a login, `elsewhere` has no image for the board, all others have none. */
export async function startFaultyRegistry(): Promise<{ readonly port: number; close(): void }> {
  const server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/v2/forbidden/")) {
      response.writeHead(401, { "Content-Type": "application/json" }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    } else if (path.startsWith("/v2/elsewhere/b/manifests/")) {
      response.writeHead(200, {
        "Content-Type": "application/vnd.oci.image.index.v1+json",
        "Content-Length": Buffer.byteLength(elsewhere),
      });
      response.end(request.method === "HEAD" ? undefined : elsewhere);
    } else if (path === "/v2/") response.writeHead(200).end("{}");
    else
      response.writeHead(404, { "Content-Type": "application/json" }).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** A port of loopback at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
