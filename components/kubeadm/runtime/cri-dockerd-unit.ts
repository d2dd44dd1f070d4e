import { runtimeSockets, socketPath } from "./sockets";

/** Name of the service, as cri-dockerd's own packages have it. */
export const criDockerService = "cri-docker";

/** Where the files of the service are. The name of the drop-in sorts behind those that a package may bring. */
export const criDockerPaths = {
  socket: "/etc/systemd/system/cri-docker.socket",
  dropIn: "/etc/systemd/system/cri-docker.service.d/50-k3s-board.conf",
} as const;

/** Where CNI keeps configuration and plugins, as kubeadm's documentation has it. */
export const cniDirectories = { configuration: "/etc/cni/net.d", plugins: "/opt/cni/bin" } as const;

/** What the command line of cri-dockerd says. */
export interface CriDockerdArgs {
  /** Path of the program on the board. */
  readonly binary: string;
  /** Image of the pod sandbox, as Docker has or pulls it. */
  readonly sandboxImage: string;
  /** Directory of the CNI configuration. Defaults to `/etc/cni/net.d`. */
  readonly cniConfDir?: string;
  /** Directories of the CNI plugins, searched in this order. Defaults to `/opt/cni/bin`. */
  readonly cniBinDirs?: readonly string[];
}

/** The command line. The network plugin is always named: what an old cri-dockerd does without it is the fault of field reports. */
function command({
  binary,
  sandboxImage,
  cniConfDir = cniDirectories.configuration,
  cniBinDirs = [cniDirectories.plugins],
}: CriDockerdArgs): string {
  return [
    binary,
    "--container-runtime-endpoint=fd://",
    "--network-plugin=cni",
    `--pod-infra-container-image=${sandboxImage}`,
    `--cni-conf-dir=${cniConfDir}`,
    `--cni-bin-dir=${cniBinDirs.join(",")}`,
  ].join(" \\\n    ");
}

/** The drop-in with the flags that belong to the stack. The empty `ExecStart=` resets the unit's own, or systemd would refuse two of them. */
export function criDockerDropIn(args: CriDockerdArgs): string {
  return `[Service]\nExecStart=\nExecStart=${command(args)}\n`;
}

/**
 * `cri-docker.service` for a program that no package brought. It starts behind Docker, and does not restart with it: it connects again by itself.
 * A restart of it leaves the containers running, which are Docker's.
 */
export function criDockerUnit(binary: string): string {
  return `[Unit]
Description=Container Runtime Interface for Docker
Documentation=https://mirantis.github.io/cri-dockerd/
Wants=network-online.target docker.service
After=network-online.target docker.service
Requires=${criDockerService}.socket

[Service]
Type=notify
ExecStart=${binary} --container-runtime-endpoint=fd://
ExecReload=/bin/kill -s HUP $MAINPID
KillMode=process
Delegate=yes
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=2s

[Install]
WantedBy=multi-user.target
`;
}

/**
 * `cri-docker.socket`, which systemd opens before the program runs (`fd://`). It is root's alone: whoever may write to it may start any
 * container. The service brings it at boot and takes it along when it restarts, so that a change of it comes into force then.
 */
export function criDockerSocket(): string {
  return `[Unit]
Description=Socket of the Container Runtime Interface for Docker
PartOf=${criDockerService}.service

[Socket]
ListenStream=${socketPath(runtimeSockets["cri-dockerd"])}
SocketMode=0660
SocketUser=root
SocketGroup=root
RemoveOnStop=true
`;
}
