import { flannelConflist } from "../../../provider/kubeadm/phases";
import type { FlannelConfig } from "./config";
import { conflist } from "./conflist";

/** Name of flanneld's service. */
export const flannelService = "flanneld";

/** Where its files are on a board. */
export const flannelPaths = {
  program: "/usr/local/lib/k3s-board/flanneld",
  conflistWriter: "/usr/local/lib/k3s-board/flannel-conflist",
  conflist: flannelConflist,
  network: "/etc/kube-flannel/net-conf.json",
  subnet: "/run/flannel/subnet.env",
  /** kubelet's own: it is on every node, and its certificate is renewed by kubelet. */
  kubeconfig: "/etc/kubernetes/kubelet.conf",
} as const;

/**
 * net-conf.json: the pods' network of the cluster, which is kubeadm's podSubnet, and how nodes reach each other's part of it.
 *
 * @param podSubnet - `10.244.0.0/16`; every node gets a part of it from the controller-manager.
 */
export function flannelNetwork({ backend }: Pick<FlannelConfig, "backend">, podSubnet: string): string {
  return `${JSON.stringify({ Network: podSubnet, Backend: { Type: backend } }, undefined, 2)}\n`;
}

/** Arguments of {@link flannelUnit}. */
export interface FlannelUnitArgs {
  /** Name of the board's node. */
  readonly nodeName: string;
  /** Network interface towards the other nodes, or an address on it. */
  readonly iface: string;
}

/**
 * The unit of flanneld on a node. It tells systemd that it is ready when subnet.env is written, and then the node's network is made of it: until
 * that is there kubelet has no network and starts no pods, as it should be.
 */
export function flannelUnit({ nodeName, iface }: FlannelUnitArgs): string {
  const flags = [
    "--kube-subnet-mgr",
    `--kubeconfig-file=${flannelPaths.kubeconfig}`,
    `--net-config-path=${flannelPaths.network}`,
    `--subnet-file=${flannelPaths.subnet}`,
    "--ip-masq",
    `--iface=${iface}`,
  ];
  return `[Unit]
Description=flannel, the network of pods on several nodes
Documentation=https://github.com/flannel-io/flannel
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
Environment=NODE_NAME=${nodeName}
ExecStart=${[flannelPaths.program, ...flags].join(" \\\n    ")}
ExecStartPost=/bin/sh ${flannelPaths.conflistWriter}
TimeoutStartSec=0
Restart=always
RestartSec=5s

[Install]
WantedBy=multi-user.target
`;
}

/**
 * A program for the board that makes the node's network of what flanneld wrote to subnet.env. It stands in for flannel's CNI plugin, of which
 * there is no Go module to build. The file is replaced whole, and left alone where it is right.
 */
export function conflistWriter(): string {
  const template = conflist({ name: "cbr0", subnet: "@SUBNET@", mtu: 0, ipMasq: false }).replace(
    '"mtu": 0',
    '"mtu": @MTU@',
  );
  return `#!/bin/sh
# Makes ${flannelPaths.conflist} of ${flannelPaths.subnet}, which flanneld writes.
set -eu
env=\${1:-${flannelPaths.subnet}}
target=\${2:-${flannelPaths.conflist}}
subnet= mtu=
while IFS='=' read -r name value; do
  case $name in FLANNEL_SUBNET) subnet=$value ;; FLANNEL_MTU) mtu=$value ;; esac
done <"$env"
case $subnet in
  *[!0-9./]* | '') echo "$env names no subnet" >&2; exit 1 ;;
esac
case $mtu in
  *[!0-9]* | '') echo "$env names no MTU" >&2; exit 1 ;;
esac
# flanneld writes the bridge's own address, 10.244.1.1/24; host-local wants the network
bits=\${subnet#*/} address=\${subnet%/*}
IFS=. read -r a b c d <<ADDRESS
$address
ADDRESS
number=$(( ((a << 24) | (b << 16) | (c << 8) | d) & ~((1 << (32 - bits)) - 1) ))
subnet=$((number >> 24)).$((number >> 16 & 255)).$((number >> 8 & 255)).$((number & 255))/$bits
mkdir -p "\${target%/*}"
sed -e "s|@SUBNET@|$subnet|" -e "s|@MTU@|$mtu|" >"$target.k3s-board-new" <<'CONFLIST'
${template.trimEnd()}
CONFLIST
if cmp -s "$target.k3s-board-new" "$target"; then rm "$target.k3s-board-new"; else
  sync "$target.k3s-board-new"
  mv -f "$target.k3s-board-new" "$target"
fi
`;
}

/** Name of flannel's roles. */
export const flannelRole = "k3s-board-flannel";

/**
 * What flanneld needs at the API server as kubelet's user: it sees all nodes and their parts of the network. That it notes its own on its own
 * node, a kubelet may already.
 */
export function flannelRoles(): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${flannelRole}
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: ${flannelRole}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: ${flannelRole}
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: system:nodes
`;
}
