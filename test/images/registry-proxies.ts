import { createServer as createHttpServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback that cuts its connections when told so. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes that may still pass before the cut, by direction. */
  readonly #allowed = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
  /** Cuts so far. */
  cuts = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const server = createConnection(port, "127.0.0.1");
      const ends = [client, server];
      for (const socket of ends) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => ends.forEach((end) => end.destroy()));
      }
      this.#pump(client, server, "up");
      this.#pump(server, client, "down");
    });
  }

  static async start(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts, once, after so many bytes towards the server (`up`) or from it (`down`). */
  cutAfter(direction: "up" | "down", bytes: number): void {
    this.#allowed[direction] = bytes;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pump(from: Socket, to: Socket, direction: "up" | "down"): void {
    from.on("data", (chunk: Buffer) => {
      const passed = chunk.subarray(0, this.#allowed[direction]);
      this.#allowed[direction] -= passed.length;
      if (!to.write(passed)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      if (this.#allowed[direction] > 0) return;
      this.#allowed[direction] = Number.POSITIVE_INFINITY;
      this.cuts += 1;
      // What was let through arrives; then the connection is gone.
      to.end(() => to.destroy());
      from.destroy();
    });
    from.on("end", () => to.end());
  }
}

/** Decides about a request: answers it itself and returns true, or leaves it to the registry. */
export type Interception = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An HTTP proxy on loopback in front of a registry, which answers some requests itself. */
export class InterceptingProxy {
  /** Requests so far: "GET /v2/a/manifests/1". */
  readonly requests: string[] = [];
  readonly #server = createHttpServer((incoming, response) => {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    if (!this.intercept(incoming, response)) this.#pass(incoming, response);
  });

  private constructor(
    private readonly target: string,
    public intercept: Interception,
    /** Headers that the target gets, besides the request's own. */
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  static async start(
    target: string,
    intercept: Interception,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<InterceptingProxy> {
    const proxy = new InterceptingProxy(target, intercept, headers);
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const url = new URL(incoming.url ?? "", this.target);
    const headers = { ...incoming.headers, ...this.headers };
    const outgoing = request(url, { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response).catch(() => response.destroy());
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  }
}
