import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layerTar } from "../../components/images/audit/samples";
import { elfBytes } from "../../components/images/elf-samples";
import { digestOf, mediaTypes } from "../../provider/registry/layout";
import { runCommand } from "../../tools/command";

/** A registry of the tests on loopback. */
export interface RunningRegistry {
  readonly port: number;
  readonly close: () => void;
}

/** What a registry serves of one image. */
interface Served {
  readonly mediaType: string;
  /** Manifest or index, under any tag. */
  readonly top: Buffer;
  /** Config and layers by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** ELF's numbers of the two architectures. */
const machines = { amd64: 62, riscv64: 243 } as const;
type Architecture = keyof typeof machines;

/** An image with one program, of what may be another architecture than the image says. */
async function imageOf(said: Architecture, program: Architecture): Promise<Served> {
  const layer = await layerTar({ "/main": elfBytes({ machine: machines[program] }) });
  const config = Buffer.from(
    JSON.stringify({
      architecture: said,
      os: "linux",
      config: { Entrypoint: ["/main"] },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const described = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: described(mediaTypes.config, config),
    layers: [described(mediaTypes.layer.none, layer)],
  };
  return {
    mediaType: mediaTypes.manifest,
    top: Buffer.from(JSON.stringify(manifest)),
    blobs: new Map([config, layer].map((bytes) => [digestOf(bytes), bytes])),
  };
}

/** An index that has an image for another machine only. */
const elsewhere: Served = {
  mediaType: mediaTypes.index,
  top: Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [
        {
          mediaType: mediaTypes.manifest,
          digest: `sha256:${"a".repeat(64)}`,
          size: 500,
          platform: { os: "linux", architecture: "s390x" },
        },
      ],
    }),
  ),
  blobs: new Map(),
};

const refuse = (response: ServerResponse, status: number, code: string) =>
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ errors: [{ code }] }));

function serve({ mediaType, top, blobs }: Served, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, reference = ""] = /\/(manifests|blobs)\/(.+)$/.exec(request.url ?? "") ?? [];
  const bytes = kind === "manifests" ? top : blobs.get(reference);
  if (bytes === undefined) refuse(response, 404, "BLOB_UNKNOWN");
  else {
    const type = kind === "manifests" ? mediaType : "application/octet-stream";
    response.writeHead(200, {
      "Content-Type": type,
      "Content-Length": bytes.length,
      "Docker-Content-Digest": digestOf(bytes),
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  }
}

/** What a connection that speaks TLS begins with. */
const tlsHandshake = 0x16;

/**
 * An HTTP server that hangs up where it is spoken to with TLS. Node's own would parse that: its parsers are used again, and one that failed may end
 * the process at the next connection (seen with Node 20: `listener->stream_` in stream_base-inl.h).
 */
function createPlainServer(listener: RequestListener): TcpServer {
  const http = createServer(listener);
  return createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (first) => {
      if (first[0] === tlsHandshake) return void socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      socket.pause();
      socket.unshift(first);
      http.emit("connection", socket);
      socket.resume();
    });
  });
}

async function listening(server: TcpServer): Promise<RunningRegistry> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/**
 * A registry on loopback, http, with one fault by name: `forbidden` wants a login, `elsewhere` has no image for the board, `foreign` is an image for
 * amd64, `lying` says riscv64 of a program of amd64, `fitting` is as it should be, and there are no others.
 */
export async function startFaultyRegistry(): Promise<RunningRegistry> {
  const images: Readonly<Record<string, Served>> = {
    elsewhere,
    foreign: await imageOf("amd64", "amd64"),
    lying: await imageOf("riscv64", "amd64"),
    fitting: await imageOf("riscv64", "riscv64"),
  };
  return listening(
    createPlainServer((request, response) => {
      const [, name = ""] = /^\/v2\/(\w+)\/b\//.exec(request.url ?? "") ?? [];
      const image = images[name];
      if (name === "forbidden") refuse(response, 401, "UNAUTHORIZED");
      else if (image !== undefined) serve(image, request, response);
      else if (request.url === "/v2/") response.writeHead(200).end("{}");
      else refuse(response, 404, "MANIFEST_UNKNOWN");
    }),
  );
}

/** A registry on loopback that answers in http, whatever it is asked with. */
export async function startPlainRegistry(): Promise<RunningRegistry> {
  return listening(createPlainServer((_request, response) => refuse(response, 404, "MANIFEST_UNKNOWN")));
}

/** A registry on loopback, https, that is empty and whose certificate nobody has signed. */
export async function startUntrustedRegistry(): Promise<RunningRegistry> {
  const directory = mkdtempSync(join(tmpdir(), "k3s-board-untrusted-"));
  try {
    const [certificate, key] = [join(directory, "crt"), join(directory, "key")];
    const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:10.0.2.2"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    await runCommand("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", certificate, ...subject]);
    return await listening(
      createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_request, response) =>
        refuse(response, 404, "MANIFEST_UNKNOWN"),
      ),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A port of loopback at which nobody listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await listening(createServer());
  close();
  return port;
}
