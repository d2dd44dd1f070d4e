import { dump } from "js-yaml";

/** A registry as k3s on the board is to use it. */
export interface RegistryEndpoint {
  /** Base address as seen from the board, such as `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Credentials, where the registry wants some. */
  readonly username?: string;
  readonly password?: string;
  /** Path on the board of a CA certificate that signed the registry's. */
  readonly caFile?: string;
}

/**
 * k3s's registries.yaml: a mirror for each registry whose images we carry, with the private registry first. containerd falls back to the
 * registry itself for what the mirror does not have.
 *
 * @param hosts - registries by the name images have in front: `docker.io`, `ghcr.io`; also the private registry's own `host:port`, which tells
 * containerd its scheme.
 */
export function registriesYaml(hosts: readonly string[], endpoint: RegistryEndpoint): string {
  const mirrors = Object.fromEntries([...new Set(hosts)].sort().map((host) => [host, { endpoint: [endpoint.url] }]));
  const config = {
    ...(endpoint.username === undefined
      ? {}
      : { auth: { username: endpoint.username, password: endpoint.password ?? "" } }),
    ...(endpoint.caFile === undefined ? {} : { tls: { ca_file: endpoint.caFile } }),
  };
  return dump({
    mirrors,
    ...(Object.keys(config).length === 0 ? {} : { configs: { [new URL(endpoint.url).host]: config } }),
  });
}
