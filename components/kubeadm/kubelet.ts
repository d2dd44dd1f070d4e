import { dump } from "js-yaml";
import { isObject } from "../../provider/secrets";
import { urlHost } from "../../provider/url-host";
import type { KubeadmConfig } from "./config";
import { addressInSubnet } from "./subnet";
import { minorOf } from "./versions";

/** Where kubelet's files lie, as kubeadm has them. */
export const kubeletPaths = {
  dropIn: "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
  config: "/var/lib/kubelet/config.yaml",
  flags: "/var/lib/kubelet/kubeadm-flags.env",
} as const;

/** Nameservers that systemd-resolved asks; in /etc/resolv.conf there is its stub on loopback, which no pod reaches. */
export const resolvedFile = "/run/systemd/resolve/resolv.conf";

/** Address of the cluster's DNS: the tenth of the services' network, as kubeadm has it. */
export function clusterDns(serviceSubnet: string): string {
  return addressInSubnet(serviceSubnet, 10);
}

/** What kubelet is configured with: what kubeadm would write, what the runtime needs, and the user's own. */
export function kubeletConfiguration(config: KubeadmConfig, criSocket: string): Readonly<Record<string, unknown>> {
  const own = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: config.runtime.cgroupDriver,
    clusterDNS: [clusterDns(config.serviceSubnet)],
    clusterDomain: config.dnsDomain,
    containerRuntimeEndpoint: criSocket,
    healthzBindAddress: "127.0.0.1",
    healthzPort: 10248,
    // a slow board reports late, and its runtime takes minutes to unpack an image
    nodeLeaseDurationSeconds: 120,
    runtimeRequestTimeout: "10m0s",
    rotateCertificates: true,
    staticPodPath: "/etc/kubernetes/manifests",
  };
  return withGiven(own, config.kubelet);
}

/** What is given goes into sections key by key: one key of `authentication` leaves the others as they are. */
function withGiven(
  own: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = Object.entries(given).map(([key, value]) => {
    const there = own[key];
    return [key, isObject(there) && isObject(value) ? withGiven(there, value) : value];
  });
  return { ...own, ...(Object.fromEntries(merged) as Record<string, unknown>) };
}

/** kubelet's configuration file. */
export function kubeletConfigFile(config: KubeadmConfig, criSocket: string): string {
  return dump(kubeletConfiguration(config, criSocket), { lineWidth: -1 });
}

/** Where kubelet says on its own board that it is well; `undefined` where the configuration has turned that off. */
export function kubeletHealthUrl({ kubelet }: Pick<KubeadmConfig, "kubelet">): string | undefined {
  const { healthzPort = 10248, healthzBindAddress = "127.0.0.1" } = kubelet;
  if (typeof healthzPort !== "number" || healthzPort === 0 || typeof healthzBindAddress !== "string") return undefined;
  const address = healthzBindAddress === "0.0.0.0" ? "127.0.0.1" : healthzBindAddress;
  return `http://${urlHost(address)}:${healthzPort}/healthz`;
}

/** What kubelet's flags are made from. */
export interface KubeletFlags {
  readonly version: string;
  readonly node: { readonly name: string; readonly address: string };
  /** Image of the pod sandbox. */
  readonly pauseImage: string;
}

/**
 * kubeadm's environment file with kubelet's flags. kubelet needs the pause image's name only to leave it alone when it collects garbage; since
 * 1.35 it has no such flag and asks the runtime.
 */
export function kubeletFlagsFile({ version, node, pauseImage }: KubeletFlags): string {
  const flags = [
    `--hostname-override=${node.name}`,
    `--node-ip=${node.address}`,
    ...((minorOf(version) ?? 0) < 35 ? [`--pod-infra-container-image=${pauseImage}`] : []),
  ];
  return `KUBELET_KUBEADM_ARGS="${flags.join(" ")}"\n`;
}

/** kubelet's unit. k3s loads the module that lets firewalls see bridged packets by itself. */
export function kubeletUnit(binary: string, runtimeUnit: string): string {
  return `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target ${runtimeUnit}.service
After=network-online.target ${runtimeUnit}.service

[Service]
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=${binary}
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
}

/** kubeadm's drop-in for kubelet. */
export function kubeletDropIn(binary: string): string {
  return `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=${binary} $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
}
