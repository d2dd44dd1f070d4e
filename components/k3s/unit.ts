import type { Role } from "./configuration/flags";

/** Arguments of {@link k3sUnit}. */
export interface UnitArgs {
  /** Path of the k3s binary on the board. */
  readonly binary: string;
  /** What the process is. Defaults to a server. */
  readonly role?: Role;
}

/** Names of the units, as k3s's own installer has them. */
export const unitNames: Readonly<Record<Role, string>> = { server: "k3s", agent: "k3s-agent" };

/**
 * The unit of a k3s server or agent, with the properties that k3s's own installer gives both: `Type=notify` without a start timeout (a first
 * start takes minutes on a board), and `KillMode=process` so that a restart of k3s leaves the pods running.
 */
export function k3sUnit({ binary, role = "server" }: UnitArgs): string {
  return `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/${unitNames[role]}.service.env
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${binary} ${role}
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
  /** Bundled components that are not wanted; a matter of servers. */
  readonly disable: readonly string[];
  /** Image of the pod sandbox. */
  readonly pauseImage: string;
  /** Whether the unit is somebody else's, so that what this program counts on is set here. Defaults to false. */
  readonly isForeignUnit?: boolean;
}

/** What a restart in a transaction needs of any unit: pods stay while k3s restarts, and a first start takes the time that it takes. */
const neededOfUnits = ["KillMode=process", "Delegate=yes", "TimeoutStartSec=0"];

/** The drop-in with the flags that belong to the stack. The empty `ExecStart=` resets the unit's own, or systemd would run both. */
export function k3sDropIn({ binary, role = "server", disable, pauseImage, isForeignUnit = false }: DropInArgs): string {
  const flags = [...(disable.length === 0 ? [] : [`--disable=${disable.join(",")}`]), `--pause-image=${pauseImage}`];
  const needed = isForeignUnit ? neededOfUnits : [];
  return ["[Service]", ...needed, "ExecStart=", `ExecStart=${[binary, role, ...flags].join(" \\\n    ")}`, ""].join(
    "\n",
  );
}
