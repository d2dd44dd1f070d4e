import { readFile } from "node:fs/promises";
import { RegistryServer } from "../test/images/registry-server";
import { CountingProxy } from "./counting-proxy";

/** What a registry saw since it was last set to zero. */
export interface Count {
  readonly sent: number;
  readonly received: number;
  readonly requests: number;
  readonly blobs: number;
}

/** A registry of its own for the benchmark, empty at first, that counts what comes and goes. */
export class BenchRegistry {
  #from = { sent: 0, received: 0, lines: 0 };

  private constructor(
    private readonly server: RegistryServer,
    private readonly proxy: CountingProxy,
  ) {}

  static async start(): Promise<BenchRegistry> {
    const server = await RegistryServer.start({ accessLog: true });
    return new BenchRegistry(server, await CountingProxy.start(server.port));
  }

  /** Runs work with an empty registry, which is gone afterwards. */
  static async with<Result>(work: (registry: BenchRegistry) => Promise<Result>): Promise<Result> {
    const registry = await BenchRegistry.start();
    try {
      return await work(registry);
    } finally {
      await registry.stop();
    }
  }

  /** As it stands in front of an image's name: `127.0.0.1:5000`. */
  get host(): string {
    return `127.0.0.1:${this.proxy.port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  async reset(): Promise<void> {
    const { sent, received } = this.proxy;
    this.#from = { sent, received, lines: (await this.#requests()).length };
  }

  async counted(): Promise<Count> {
    const requests = (await this.#requests()).slice(this.#from.lines);
    return {
      sent: this.proxy.sent - this.#from.sent,
      received: this.proxy.received - this.#from.received,
      requests: requests.length,
      blobs: requests.filter(takesBlob).length,
    };
  }

  async stop(): Promise<void> {
    this.proxy.stop();
    await this.server.stop();
  }

  async #requests(): Promise<string[]> {
    return (await readFile(this.server.log, "utf8")).split("\n").filter((line) => / "[A-Z]+ \/v2\//.test(line));
  }
}

/** Whether a line of the registry's access log says that it took a blob from the client, not from another repository. */
export function takesBlob(line: string): boolean {
  return /"PUT \/v2\/\S+\/blobs\/uploads\/\S* HTTP\/[\d.]+" 201 /.test(line);
}
