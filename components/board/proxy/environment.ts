import type { ProxyConfig } from "./config";

/** What has to be reached without the proxy, as a cluster and its board have it. */
export interface DirectHosts {
  /** Networks of pods and services, each one or several with commas: `10.42.0.0/16`. */
  readonly networks: readonly string[];
  /** `cluster.local`. */
  readonly clusterDomain: string;
  /** Addresses and names of the nodes. */
  readonly nodes: readonly string[];
  /** Host of the private registry, where there is one. */
  readonly registry?: string;
  /** Host at which nodes join, where that is another one than a node's. */
  readonly server?: string;
}

/**
 * What `NO_PROXY` has to hold: loopback, the cluster's networks and names, its nodes, the private registry, and what the user names. Go programs
 * such as k3s and Docker understand networks and take a leading dot for all names below (golang.org/x/net/http/httpproxy).
 */
export function noProxy({ noProxy: given }: Pick<ProxyConfig, "noProxy">, direct?: DirectHosts): string[] {
  const cluster =
    direct === undefined
      ? []
      : [
          ...direct.networks.flatMap((network) => network.split(",").map((one) => one.trim())),
          ".svc",
          `.${direct.clusterDomain}`,
          ...direct.nodes,
          ...[direct.server ?? "", direct.registry ?? ""].map((host) => host.replace(/^\[|\]$/g, "")),
        ];
  return [...new Set(["localhost", "127.0.0.0/8", "::1", ...cluster, ...given])].filter((entry) => entry !== "");
}

/** The proxies: for https the one of http, where no other is given. */
function proxies({ http, https }: ProxyConfig): { http?: string; https?: string } {
  const forHttps = https ?? http;
  return { ...(http === undefined ? {} : { http }), ...(forHttps === undefined ? {} : { https: forHttps }) };
}

/** Whether a login is in one of the addresses. */
export function holdsLogin({ http, https }: Pick<ProxyConfig, "http" | "https">): boolean {
  return [http, https].some((url) => {
    if (url === undefined) return false;
    const { username, password } = new URL(url);
    return username !== "" || password !== "";
  });
}

/** A file for `EnvironmentFile=` (systemd.exec(5)). The values need no escapes: the schema lets none in that would. */
export function environmentFile(config: ProxyConfig, direct: readonly string[]): string {
  const { http, https } = proxies(config);
  return [
    ...(http === undefined ? [] : [`HTTP_PROXY="${http}"`]),
    ...(https === undefined ? [] : [`HTTPS_PROXY="${https}"`]),
    `NO_PROXY="${direct.join(",")}"`,
    "",
  ].join("\n");
}

/** The drop-in that has systemd read {@link environmentFile}. */
export function environmentDropIn(path: string): string {
  return `[Service]\nEnvironmentFile=${path}\n`;
}

/** apt's configuration (apt.conf(5), apt-transport-http(1)): hosts that are named are asked directly; apt knows no networks and no domains. */
export function aptConfiguration(config: ProxyConfig): string {
  const { http, https } = proxies(config);
  const hosts = config.noProxy.filter((host) => !/^\.|[/*:]/.test(host));
  const lines = (protocol: string, url: string | undefined) =>
    url === undefined
      ? []
      : [
          `Acquire::${protocol}::Proxy "${url}";`,
          ...hosts.map((host) => `Acquire::${protocol}::Proxy::${host} "DIRECT";`),
        ];
  return [...lines("http", http), ...lines("https", https), ""].join("\n");
}

/** dnf's proxy (dnf.conf(5)): it has one for all protocols. The schema asks for one of the two. */
export function dnfProxy(config: ProxyConfig): string {
  const { http, https } = proxies(config);
  return https ?? http ?? "";
}
