import { etcdPorts, flannelPorts, type Openings, openingsOf } from "../board/prerequisites/ports";
import type { K3sConfig } from "./config";
import { stackConfiguration, supervisorPort } from "./configuration/files";
import type { Role } from "./configuration/flags";

/**
 * What k3s with these keys needs of a host's firewall: the ports of its role, and the networks of pods and services.
 *
 * @param embeddedEtcd - whether servers have one whatever the keys say: the stack has further servers. Defaults to what the keys say.
 */
export function k3sOpenings(
  config: Pick<K3sConfig, "version" | "config">,
  role: Role,
  { embeddedEtcd = false }: { readonly embeddedEtcd?: boolean } = {},
): Openings {
  const configuration = stackConfiguration(config);
  const { settings } = configuration;
  const value = (key: string) => settings.get(key)?.values[0] ?? "";
  const networks = ["cluster-cidr", "service-cidr"].flatMap((key) =>
    (settings.get(key)?.values ?? []).flatMap((values) => values.split(",").map((network) => network.trim())),
  );
  const usual = openingsOf(role === "server" ? "k3s server" : "k3s agent", networks);
  const others = usual.ports.filter((port) => port !== "6443/tcp" && !flannelPorts.vxlan?.includes(port));
  const hasEtcd = embeddedEtcd || value("cluster-init") === "true" || value("server") !== "";
  return {
    networks,
    ports: [
      ...(role === "server"
        ? [...new Set([value("https-listen-port") || "6443", supervisorPort(configuration)])].map(
            (port) => `${port}/tcp`,
          )
        : []),
      ...others,
      ...(flannelPorts[value("flannel-backend")] ?? []),
      ...(role === "server" && hasEtcd ? [etcdPorts.port] : []),
    ],
  };
}
