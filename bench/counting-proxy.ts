import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A TCP proxy on loopback that counts what passes. Both sides of a comparison go through one, so that it costs both the same. */
export class CountingProxy {
  /** Bytes towards the server. */
  sent = 0;
  /** Bytes from the server. */
  received = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const server = createConnection(port, "127.0.0.1");
      const ends = [client, server];
      for (const socket of ends) {
        socket.setNoDelay(true);
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#sockets.delete(socket);
          ends.forEach((end) => end.destroy());
        });
      }
      client.on("data", (chunk: Buffer) => (this.sent += chunk.length));
      server.on("data", (chunk: Buffer) => (this.received += chunk.length));
      client.pipe(server).pipe(client);
    });
  }

  /** Starts a proxy in front of a port of this machine. */
  static async start(port: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(port);
    await new Promise<void>((done, fail) => {
      proxy.#server.once("error", fail);
      proxy.#server.listen(0, "127.0.0.1", done);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
