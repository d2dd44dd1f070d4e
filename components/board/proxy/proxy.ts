import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import type { ProxyConfig } from "./config";
import {
  aptConfiguration,
  type DirectHosts,
  dnfProxy,
  environmentDropIn,
  environmentFile,
  holdsLogin,
  noProxy,
} from "./environment";

/** apt reads it behind the distribution's own files. */
const aptFile = "/etc/apt/apt.conf.d/95k3s-board-proxy";

function content(config: ProxyConfig, text: string): pulumi.Input<string> {
  return holdsLogin(config) ? pulumi.secret(text) : text;
}

/** The files by which a service is told of the proxy; the addresses are in one that only root reads, because a login may be in them. */
function serviceFiles(
  config: ProxyConfig,
  { service, environment }: { service: string; environment: string },
  direct: DirectHosts,
): board.ServiceFileArgs[] {
  return [
    {
      path: `/etc/systemd/system/${service}.service.d/20-k3s-board-proxy.conf`,
      content: environmentDropIn(environment),
    },
    { path: environment, content: content(config, environmentFile(config, noProxy(config, direct))), mode: "0600" },
  ];
}

/**
 * Files by which the service that pulls images knows the proxy. None where it is not to use one.
 *
 * @param service - name of its unit: `k3s`, `k3s-agent` (its containerd is its child and has the same environment), `containerd`.
 * @param environment - path of the file with the addresses.
 * @param users - what the configuration may call it. Defaults to `k3s`.
 */
export function serviceProxyFiles(
  service: string,
  environment: string,
  config: ProxyConfig | undefined,
  direct: DirectHosts,
  users: readonly ProxyConfig["users"][number][] = ["k3s"],
): board.ServiceFileArgs[] {
  if (!config?.users.some((user) => users.includes(user))) return [];
  return serviceFiles(config, { service, environment }, direct);
}

/** {@link serviceProxyFiles} of k3s. */
export function k3sProxyFiles(
  service: string,
  config: ProxyConfig | undefined,
  direct: DirectHosts,
): board.ServiceFileArgs[] {
  return serviceProxyFiles(service, "/etc/rancher/k3s/k3s-board-proxy.env", config, direct);
}

/**
 * Tells the board's package manager of the proxy. `undefined` where it is not to use one, or the board has none that is known here.
 */
export function packageProxy(
  name: string,
  config: ProxyConfig | undefined,
  packageManager: board.Facts["packageManager"],
  connection: pulumi.Input<board.ConnectionArgs>,
): board.File | board.Setting | undefined {
  if (!config?.users.includes("packages")) return undefined;
  switch (packageManager) {
    case "apt":
      return new board.File(`${name}-apt-proxy`, {
        connection,
        path: aptFile,
        content: content(config, aptConfiguration(config)),
        mode: holdsLogin(config) ? "0600" : "0644",
      });
    case "dnf":
      return new board.Setting(`${name}-dnf-proxy`, {
        connection,
        kind: "dnfProxy",
        values: { proxy: dnfProxy(config) },
      });
    case undefined:
      return undefined;
  }
}

/** What a board cannot be told of its proxy, as a sentence; empty where all is well. */
export function proxyProblems(
  config: ProxyConfig | undefined,
  packageManager: board.Facts["packageManager"],
  path: string,
): string[] {
  if (packageManager !== "dnf" || !config?.users.includes("packages") || !holdsLogin(config)) return [];
  return [
    `${path}.proxy: dnf has its proxy in a file that every user of the board may read: take the login out, or packages out of users`,
  ];
}

/** Tells the service of a Docker that is there; it restarts for it. `undefined` where it is not to use one. */
export function dockerProxy(
  name: string,
  config: ProxyConfig | undefined,
  connection: pulumi.Input<board.ConnectionArgs>,
  direct: DirectHosts,
): board.SystemdService | undefined {
  if (!config?.users.includes("docker")) return undefined;
  return new board.SystemdService(`${name}-docker-proxy`, {
    connection,
    name: "docker",
    files: serviceFiles(config, { service: "docker", environment: "/etc/docker/k3s-board-proxy.env" }, direct),
  });
}
