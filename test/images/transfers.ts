import { createHash, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import { RegistryClient, type RegistryOptions } from "../../provider/registry/client";
import { readLayout, type Descriptor, type Layout } from "../../provider/registry/layout";
import { pushImage } from "../../provider/registry/push";
import { CuttingProxy, InterceptingProxy, type Interception } from "./registry-proxies";
import { RegistryServer } from "./registry-server";
import { sampleImage, temporaryDirectory } from "./sample-image";

/** Bytes. */
export const mebibyte = 1024 * 1024;

/** A registry, and an image with one layer of 24 MiB, for the duration of a test file. */
export class Transfers {
  readonly files = temporaryDirectory();
  /** What the clients said, since the last of them was made. */
  readonly notes: string[] = [];
  readonly #ends: (() => unknown)[] = [];
  #made: { readonly server: RegistryServer; readonly layout: Layout } | undefined;

  constructor() {
    beforeAll(async () => {
      const server = await RegistryServer.start();
      const { layout } = await sampleImage(this.files.path, 1, 24 * 1024);
      this.#made = { server, layout: await readLayout(layout) };
    }, 900_000);
    afterEach(() => Promise.all(this.#ends.splice(0).map((end) => end())));
    afterAll(async () => {
      await this.server.stop();
      this.files.remove();
    });
  }

  get server(): RegistryServer {
    return this.#there.server;
  }

  get layout(): Layout {
    return this.#there.layout;
  }

  get layer(): Descriptor {
    const [layer] = this.layout.layers;
    if (!layer) throw new Error("no layer");
    return layer;
  }

  clientAt(url: string, options: Partial<RegistryOptions> = {}): RegistryClient {
    this.notes.splice(0);
    const client = new RegistryClient({ url, ...options }, (text) => void this.notes.push(text));
    this.#ends.push(() => client.close());
    return client;
  }

  /** Another registry, for the duration of a test. */
  async another(options: Parameters<typeof RegistryServer.start>[0] = {}): Promise<RegistryServer> {
    const server = await RegistryServer.start(options);
    this.#ends.push(() => server.stop());
    return server;
  }

  async cutting(port = this.server.port): Promise<CuttingProxy> {
    const proxy = await CuttingProxy.start(port);
    this.#ends.push(() => proxy.stop());
    return proxy;
  }

  async intercepting(
    intercept: Interception,
    target = this.server.url,
    headers: Record<string, string> = {},
  ): Promise<InterceptingProxy> {
    const proxy = await InterceptingProxy.start(target, intercept, headers);
    this.#ends.push(() => proxy.stop());
    return proxy;
  }

  /** A repository with the image, put there by another client. */
  async stored(): Promise<string> {
    const place = repository();
    await pushImage(this.clientAt(this.server.url), this.layout, { repository: place, tag: "1.0" });
    this.notes.splice(0);
    return place;
  }

  get #there() {
    if (!this.#made) throw new Error("the registry is not up yet");
    return this.#made;
  }
}

/** A repository that nobody has. */
export function repository(): string {
  return `test/${randomUUID()}`;
}

/** Reads a blob to its end; returns its digest. */
export async function digestOfStream(
  content: AsyncIterable<Buffer>,
  onBytes?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    size += chunk.length;
    onBytes?.(size);
  }
  return `sha256:${hash.digest("hex")}`;
}
