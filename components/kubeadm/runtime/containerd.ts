import type { RegistryEndpoint } from "../../k3s/registries";
import type { ContainerdConfig } from "./config";

/** Name of containerd's unit, the distribution's too. */
export const containerdUnitName = "containerd";

/** Where containerd looks for its files. */
export const containerdPaths = {
  config: "/etc/containerd/config.toml",
  hosts: (registry: string) => `/etc/containerd/certs.d/${registry}/hosts.toml`,
} as const;

/** What containerd's configuration is made from. */
export interface ContainerdArgs {
  readonly config: Pick<ContainerdConfig, "cgroupDriver" | "source">;
  /** Image of the pod sandbox: `127.0.0.1:5000/pause:3.10.2`. */
  readonly sandboxImage: string;
}

/**
 * containerd's configuration. Version 3 of the format is for the containerd that is built here. Any other one may be a 1.x, which reads version 2
 * only; a 2.x takes that as well, and makes version 3 of it by itself.
 */
export function containerdConfigFile({ config, sandboxImage }: ContainerdArgs): string {
  const systemd = String(config.cgroupDriver === "systemd");
  const hosts = containerdPaths.hosts("").replace(/\/\/hosts\.toml$/, "");
  if (config.source.kind !== "module")
    return `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "${hosts}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = ${systemd}
`;
  return `version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${sandboxImage}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "${hosts}"

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  SystemdCgroup = ${systemd}
`;
}

/**
 * containerd's hosts.toml for a registry: the private registry first, and the registry itself for what it does not have.
 *
 * @param registry - `docker.io`, or the private registry's own `host:port`, which tells containerd its scheme.
 */
export function hostsFile(registry: string, endpoint: RegistryEndpoint): string {
  const { url, username, password, caFile } = endpoint;
  const isItself = new URL(url).host === registry;
  const upstream = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const login =
    username === undefined
      ? ""
      : `  [host."${url}".header]\n    Authorization = "Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}"\n`;
  return `${isItself ? `server = "${url}"` : `server = "https://${upstream}"`}

[host."${url}"]
  capabilities = ["pull", "resolve"]
${caFile === undefined ? "" : `  ca = "${caFile}"\n`}${login}`;
}

/** containerd's unit, with the properties that upstream's has. */
export function containerdUnit(binary: string): string {
  return `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target dbus.service

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${binary}
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;
}
