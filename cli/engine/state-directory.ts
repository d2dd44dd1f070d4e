import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the state of a project is kept. */
export interface Backend {
  /** Backend URL for the engine. */
  readonly url: string;
  /** Directory of a `file://` backend; other backends have none. */
  readonly directory?: string;
}

/** Directory of the project's own state, which also keeps copies of states that were changed behind an interrupted run. */
export function ownStateDirectory(projectDirectory: string): string {
  return join(projectDirectory, ".pulumi-state");
}

/**
 * Chooses the backend: the user's by `PULUMI_BACKEND_URL`, else the project's own directory. Pure.
 *
 * A relative `file://./dir` is left to the engine, which takes it from the project directory.
 */
export function chooseBackend(env: Readonly<Record<string, string | undefined>>, projectDirectory: string): Backend {
  const url = env.PULUMI_BACKEND_URL;
  if (!url) {
    const directory = ownStateDirectory(projectDirectory);
    return { url: `file://${directory}`, directory };
  }
  if (!url.startsWith("file://")) return { url };
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  return { url, directory: path.startsWith("/") ? fileURLToPath(`file://${path}`) : join(projectDirectory, path) };
}

/** Makes the project's own state directory, readable by its owner only, whoever made it first and under whatever umask. */
export function prepareStateDirectory(projectDirectory: string): void {
  const directory = ownStateDirectory(projectDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
}
