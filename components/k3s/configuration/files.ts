import { dump } from "js-yaml";
import type { K3sConfig } from "../config";
import { secretFlags } from "./flags";
import { tlsSans } from "../kubeconfig-address";

/** Files of k3s on the board. */
export const k3sPaths = {
  unit: "/etc/systemd/system/k3s.service",
  dropIn: "/etc/systemd/system/k3s.service.d/10-k3s-board.conf",
  config: "/etc/rancher/k3s/config.yaml.d/50-k3s-board.yaml",
  secrets: "/etc/rancher/k3s/config.yaml.d/60-k3s-board-secrets.yaml",
  registries: "/etc/rancher/k3s/registries.yaml",
  kubeconfig: "/etc/rancher/k3s/k3s.yaml",
  dataDir: "/var/lib/rancher/k3s",
} as const;

/** k3s's defaults for what CoreDNS and the DNS check need to know (k3s docs, "server flags"). */
const defaults = { "cluster-dns": "10.43.0.10", "cluster-domain": "cluster.local" } as const;

/** A scalar of the extra config, or k3s's default. */
export function clusterSetting(config: Pick<K3sConfig, "config">, key: keyof typeof defaults): string {
  const value = config.config[key];
  return typeof value === "string" ? value : defaults[key];
}

/** k3s's data directory: what the extra config says, or k3s's default. */
export function dataDirectory(config: Pick<K3sConfig, "config">): string {
  const value = config.config["data-dir"];
  return typeof value === "string" ? value : k3sPaths.dataDir;
}

/**
 * The file in config.yaml.d: the user's keys as they are, and the name that the kubeconfig's address needs in the certificate. The list
 * keys of the drop-in (`disable`) are not here, because k3s does not say which of two places wins for a list.
 *
 * @param kubeconfigServer - address of the API server from outside.
 * @param own - keys that this program sets besides.
 */
export function k3sConfigFile(
  config: Pick<K3sConfig, "config">,
  kubeconfigServer: string,
  own: Readonly<Record<string, string>> = {},
): string {
  const shown = Object.fromEntries(Object.entries(config.config).filter(([key]) => !secretFlags.has(key)));
  return dump(
    { ...shown, ...own, "tls-san": tlsSans(kubeconfigServer, config.config["tls-san"]) },
    { sortKeys: true, lineWidth: -1 },
  );
}

/** The file with the token and other secret keys, apart from the rest so that the rest can be shown line by line; `undefined` without any. */
export function k3sSecretsFile(config: Pick<K3sConfig, "config" | "token">): string | undefined {
  const secrets = Object.fromEntries(Object.entries(config.config).filter(([key]) => secretFlags.has(key)));
  const all = config.token === undefined ? secrets : { ...secrets, token: config.token };
  return Object.keys(all).length === 0 ? undefined : dump(all, { sortKeys: true, lineWidth: -1 });
}
