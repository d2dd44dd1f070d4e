/** Arguments of {@link k3sUnit}. */
export interface UnitArgs {
  /** Path of the k3s binary on the board. */
  readonly binary: string;
}

/**
 * The k3s server unit, with the properties that k3s's own installer gives it: `Type=notify` without a start timeout (a first start takes
 * minutes on a board), and `KillMode=process` so that a restart of k3s leaves the pods running.
 */
export function k3sUnit({ binary }: UnitArgs): string {
  return `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${binary} server
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s

[Install]
WantedBy=multi-user.target
`;
}

/** Arguments of {@link k3sDropIn}. */
export interface DropInArgs extends UnitArgs {
  /** Bundled components that are not wanted. */
  readonly disable: readonly string[];
  /** Image of the pod sandbox. */
  readonly pauseImage: string;
}

/** The drop-in with the flags that belong to the stack. The empty `ExecStart=` resets the unit's own, or systemd would run both. */
export function k3sDropIn({ binary, disable, pauseImage }: DropInArgs): string {
  const flags = [...(disable.length === 0 ? [] : [`--disable=${disable.join(",")}`]), `--pause-image=${pauseImage}`];
  return ["[Service]", "ExecStart=", `ExecStart=${[binary, "server", ...flags].join(" \\\n    ")}`, ""].join("\n");
}
