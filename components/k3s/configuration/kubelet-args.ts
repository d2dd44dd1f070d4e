/** A flag of kubelet that is gone. */
export interface RemovedKubeletArg {
  /** Newest minor version of Kubernetes whose kubelet takes it. */
  readonly until: number;
  /** What takes its place. */
  readonly instead?: string;
}

const dockershim = { until: 23, instead: "what containerd or cri-dockerd is set up with" };

/**
 * Flags that kubelet does not take any more and dies of, so that k3s never becomes Ready. Sources: cmd/kubelet/app/options and
 * pkg/kubelet/config/flags.go of Kubernetes 1.23 to 1.36 compared, CHANGELOG-1.24 (dockershim), kubernetes.io/blog/2023/03/17
 * (container-runtime).
 */
export const removedKubeletArgs: ReadonlyMap<string, RemovedKubeletArg> = new Map<string, RemovedKubeletArg>([
  ["docker-endpoint", dockershim],
  ["experimental-dockershim-root-directory", dockershim],
  ["image-pull-progress-deadline", dockershim],
  ["network-plugin", dockershim],
  ["network-plugin-mtu", dockershim],
  ["cni-bin-dir", dockershim],
  ["cni-cache-dir", dockershim],
  ["cni-conf-dir", dockershim],
  ["dynamic-config-dir", { until: 23 }],
  ["experimental-check-node-capabilities-before-mount", { until: 23 }],
  ["non-masquerade-cidr", { until: 23 }],
  ["really-crash-for-testing", { until: 23 }],
  ["experimental-kernel-memcg-notification", { until: 24, instead: "kernel-memcg-notification" }],
  ["container-runtime", { until: 26, instead: "k3s's container-runtime-endpoint" }],
  ["master-service-namespace", { until: 26 }],
  ["iptables-drop-bit", { until: 30 }],
  ["iptables-masquerade-bit", { until: 30 }],
  ["keep-terminated-pod-volumes", { until: 30 }],
  ["cloud-config", { until: 33 }],
  ["register-schedulable", { until: 33, instead: "register-with-taints" }],
  ["pod-infra-container-image", { until: 34, instead: "k3s.pauseImage" }],
]);
