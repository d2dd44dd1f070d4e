import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../tools/cache";

/** Registries forget uploads that nobody finishes; CNCF distribution does after a week (`storage.maintenance.uploadpurging`). */
const keptMilliseconds = 7 * 24 * 3600 * 1000;

/**
 * Where uploads that have begun go on: kept on disk, so that a later run finishes what a killed one began. What is kept is the address that the
 * registry gave the upload. It is a convenience: nothing fails where it cannot be written or read.
 */
export class UnfinishedUploads {
  readonly #known = new Map<string, string>();

  /**
   * @param registry - name of the registry that is different for every registry, also for those of two boards at the same loopback address.
   * @param directory - Defaults to `uploads` in the cache.
   */
  constructor(
    private readonly registry: string,
    private readonly directory: () => string = () => cacheDirectory("uploads"),
  ) {}

  /** Path and query of an upload's address. */
  get(repository: string, digest: string): string | undefined {
    const file = this.#file(repository, digest);
    return this.#known.get(file) ?? attempt(() => readFileSync(join(this.directory(), file), "utf8"));
  }

  set(repository: string, digest: string, address: string): void {
    const file = this.#file(repository, digest);
    if (this.#known.size === 0) attempt(() => this.#sweep());
    this.#known.set(file, address);
    attempt(() => writeFileSync(join(this.directory(), file), address, { mode: 0o600 }));
  }

  delete(repository: string, digest: string): void {
    const file = this.#file(repository, digest);
    this.#known.delete(file);
    attempt(() => rmSync(join(this.directory(), file), { force: true }));
  }

  #file(repository: string, digest: string): string {
    return createHash("sha256")
      .update(JSON.stringify([this.registry, repository, digest]))
      .digest("hex")
      .slice(0, 40);
  }

  #sweep(): void {
    const directory = this.directory();
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (Date.now() - statSync(path).mtimeMs > keptMilliseconds) rmSync(path, { force: true });
    }
  }
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
