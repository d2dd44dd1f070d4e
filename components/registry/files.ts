import { readFileSync } from "node:fs";
import { expandHome } from "../../provider/local-paths";
import type { RegistryConfig } from "./config";

/** A file that cannot be read. */
export interface RegistryFileProblem {
  /** Config path: `registry.tls.key`. */
  readonly path: string;
  readonly reason: string;
}

/** Files of this machine that a private registry's configuration names and that cannot be read: they are needed long after a board is begun with. */
export function registryFileProblems(config: RegistryConfig | undefined): RegistryFileProblem[] {
  return Object.entries(filesOf(config)).flatMap(([path, file]) => {
    if (file === undefined) return [];
    try {
      readFileSync(expandHome(file));
      return [];
    } catch (error) {
      return [{ path, reason: `cannot be read: ${(error as Error).message}` }];
    }
  });
}

/** The files by their config paths. */
function filesOf(config: RegistryConfig | undefined): Readonly<Record<string, string | undefined>> {
  if (config?.kind === "external") return { "registry.ca": config.ca };
  const { ca, certificate, key } = config?.tls ?? {};
  return { "registry.tls.ca": ca, "registry.tls.certificate": certificate, "registry.tls.key": key };
}
