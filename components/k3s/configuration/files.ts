import { posix } from "node:path";
import { dump } from "js-yaml";
import { urlHost } from "../../../provider/url-host";
import type { K3sConfig } from "../config";
import { nthAddress } from "./addresses";
import { type Effective, effectiveConfiguration } from "./effective";
import { knownMinors, minorOf, type Role, secretFlags } from "./flags";
import { tlsSans } from "../kubeconfig-address";

/** Files of k3s on the board. */
export const k3sPaths = {
  unit: "/etc/systemd/system/k3s.service",
  dropIn: "/etc/systemd/system/k3s.service.d/10-k3s-board.conf",
  agentDropIn: "/etc/systemd/system/k3s-agent.service.d/10-k3s-board.conf",
  agentToken: "/etc/rancher/k3s/k3s-board-agent-token",
  serverToken: "/etc/rancher/k3s/k3s-board-server-token",
  config: "/etc/rancher/k3s/config.yaml.d/50-k3s-board.yaml",
  secrets: "/etc/rancher/k3s/config.yaml.d/60-k3s-board-secrets.yaml",
  registries: "/etc/rancher/k3s/registries.yaml",
  kubeconfig: "/etc/rancher/k3s/k3s.yaml",
  dataDir: "/var/lib/rancher/k3s",
} as const;

/** What the stack's own keys come to, with k3s's defaults. */
export function stackConfiguration(config: Pick<K3sConfig, "version" | "config">): Effective {
  return configurationOf(config, "server");
}

/** What the keys of an agent come to, with k3s's defaults. */
export function agentConfiguration(config: Pick<K3sConfig, "version" | "config">): Effective {
  return configurationOf(config, "agent");
}

function configurationOf({ version, config }: Pick<K3sConfig, "version" | "config">, role: Role): Effective {
  return effectiveConfiguration({
    minor: minorOf(version) ?? knownMinors.newest,
    role,
    files: [{ path: k3sPaths.config, text: dump(config, { lineWidth: -1 }) }],
  });
}

/** A setting that CoreDNS and the DNS check need to know; of several values the first, which k3s prefers. */
export function clusterSetting(
  config: Pick<K3sConfig, "version" | "config">,
  key: "cluster-dns" | "cluster-domain",
): string {
  const { settings } = stackConfiguration(config);
  const value = settings.get(key)?.values[0];
  if (value !== undefined || key === "cluster-domain") return value ?? "";
  // k3s counts ten addresses from where the services' network begins (pkg/cli/server/server.go)
  return nthAddress(settings.get("service-cidr")?.values[0] ?? "", 10) ?? "";
}

/** k3s's data directory: what the extra config says, as k3s cleans it (`filepath.Abs`), or k3s's default. */
export function dataDirectory(config: Pick<K3sConfig, "version" | "config">, role: Role = "server"): string {
  const said = configurationOf(config, role).settings.get("data-dir")?.values[0] ?? k3sPaths.dataDir;
  return posix.normalize(said).replace(/(?<=.)\/$/, "");
}

/** The address that a node tells the cluster, where the extra config has one. */
export function nodeAddress(config: Pick<K3sConfig, "version" | "config">, role: Role): string | undefined {
  return configurationOf(config, role).settings.get("node-ip")?.values[0];
}

/** Where a server answers nodes that join, and `k3s token`: at the API server's port unless it has one of its own (pkg/cli/server/server.go). */
export function supervisorPort({ settings }: Effective): string {
  const value = (key: string) => settings.get(key)?.values[0] ?? "";
  const own = value("supervisor-port");
  return ["", "0"].includes(own) ? value("https-listen-port") || "6443" : own;
}

/**
 * Where agents and further servers reach the first one: what the configuration says, or the server's address in the cluster and its port.
 *
 * @param address - of the server's node.
 */
export function agentServer(config: Pick<K3sConfig, "version" | "config" | "agentServer">, address: string): string {
  const port = supervisorPort(stackConfiguration(config));
  return config.agentServer ?? `https://${urlHost(address)}:${port}`;
}

/** Where k3s keeps its datastore; `undefined` where that is another server's (`datastore-endpoint`). */
export function datastoreDirectory(config: Pick<K3sConfig, "version" | "config">): string | undefined {
  const endpoint = stackConfiguration(config).settings.get("datastore-endpoint")?.values[0] ?? "";
  return endpoint === "" ? `${dataDirectory(config)}/server/db` : undefined;
}

/**
 * Where k3s has the snapshots of an embedded etcd; `undefined` where that is its own directory in the datastore. systemd starts a service in `/`,
 * from where k3s takes a relative path.
 */
export function snapshotDirectory(config: Pick<K3sConfig, "version" | "config">): string | undefined {
  const said = stackConfiguration(config).settings.get("etcd-snapshot-dir")?.values[0] ?? "";
  return said === "" ? undefined : posix.resolve("/", said);
}

/** Where the scheduled copies of the datastore are; `undefined` where there are none to be. */
export function backupDirectory(config: Pick<K3sConfig, "version" | "config" | "backup">): string | undefined {
  const datastore = datastoreDirectory(config);
  if (config.backup === undefined || datastore === undefined) return undefined;
  return config.backup.directory ?? `${datastore}/k3s-board-backup`;
}

/**
 * The file in config.yaml.d: the user's keys as they are, and the name that the kubeconfig's address needs in the certificate. The list
 * keys of the drop-in (`disable`) are not here: k3s would put those of both places together.
 *
 * Where agents are told another address than the server's own, that one is in the certificate too.
 *
 * @param kubeconfigServer - address of the API server from outside.
 * @param own - keys that this program sets besides.
 */
export function k3sConfigFile(
  config: Pick<K3sConfig, "config" | "agentServer">,
  kubeconfigServer: string,
  own: Readonly<Record<string, string | boolean>> = {},
): string {
  const addresses = [kubeconfigServer, ...(config.agentServer === undefined ? [] : [config.agentServer])];
  return dump(
    { ...shownKeys(config), ...own, "tls-san": tlsSans(addresses, config.config["tls-san"]) },
    { sortKeys: true, lineWidth: -1 },
  );
}

/**
 * The file in config.yaml.d of an agent: the user's keys, and those by which it joins.
 *
 * @param own - keys that this program sets.
 */
export function agentConfigFile(config: Pick<K3sConfig, "config">, own: Readonly<Record<string, string>>): string {
  return dump({ ...shownKeys(config), ...own }, { sortKeys: true, lineWidth: -1 });
}

function shownKeys({ config }: Pick<K3sConfig, "config">): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !secretFlags.has(key)));
}

/** The file with the token and other secret keys, apart from the rest so that the rest can be shown line by line; `undefined` without any. */
export function k3sSecretsFile(
  config: Pick<K3sConfig, "config"> & Partial<Pick<K3sConfig, "token">>,
): string | undefined {
  const secrets = Object.fromEntries(Object.entries(config.config).filter(([key]) => secretFlags.has(key)));
  const all = config.token === undefined ? secrets : { ...secrets, token: config.token };
  return Object.keys(all).length === 0 ? undefined : dump(all, { sortKeys: true, lineWidth: -1 });
}
