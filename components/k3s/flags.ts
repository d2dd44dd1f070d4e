/**
 * Flags of `k3s server` and `k3s agent`, as `k3s server --help` of the 1.24 to 1.36 releases lists them. k3s skips unknown keys of its config
 * files with a log line only and dies on unknown flags, so that both are checked here, before anything is written.
 */
export type FlagKind = "string" | "boolean" | "number" | "duration" | "list";

// prettier-ignore
const strings = [
  "config", "log", "bind-address", "advertise-address", "data-dir", "cluster-dns", "cluster-domain", "flannel-backend",
  "egress-selector-mode", "servicelb-namespace", "write-kubeconfig", "write-kubeconfig-mode", "write-kubeconfig-group",
  "helm-job-image", "token", "token-file", "agent-token", "agent-token-file", "server", "cluster-reset-restore-path",
  "etcd-snapshot-name", "etcd-snapshot-schedule-cron", "etcd-snapshot-dir", "etcd-s3-endpoint", "etcd-s3-endpoint-ca",
  "etcd-s3-access-key", "etcd-s3-secret-key", "etcd-s3-session-token", "etcd-s3-bucket", "etcd-s3-bucket-lookup-type", "etcd-s3-region",
  "etcd-s3-folder", "etcd-s3-proxy", "etcd-s3-config-secret", "datastore-endpoint", "datastore-cafile", "datastore-certfile",
  "datastore-keyfile", "default-local-storage-path", "node-name", "image-credential-provider-bin-dir",
  "image-credential-provider-config", "default-runtime", "system-default-registry", "airgap-extra-registry", "private-registry",
  "container-runtime-endpoint", "image-service-endpoint", "pause-image", "snapshotter", "flannel-iface", "flannel-conf",
  "flannel-cni-conf", "vpn-auth", "vpn-auth-file", "lb-server-port", "kubelet-root-dir", "alsologtostderr", "log-file",
  "secrets-encryption-provider", "resolv-conf", "vmodule", "supervisor-port", "apiserver-port", "apiserver-bind-address",
] as const;

// prettier-ignore
const booleans = [
  "debug", "cluster-init", "cluster-reset", "secrets-encryption", "disable-apiserver", "disable-controller-manager", "disable-scheduler",
  "disable-etcd", "disable-cloud-controller", "disable-kube-proxy", "disable-network-policy", "disable-helm-controller",
  "disable-agent", "disable-default-registry-endpoint", "docker", "protect-kernel-defaults", "selinux", "rootless",
  "prefer-bundled-bin", "embedded-registry", "flannel-ipv6-masq", "flannel-external-ip", "multi-cluster-cidr", "etcd-expose-metrics",
  "etcd-disable-snapshots", "etcd-snapshot-compress", "etcd-s3", "etcd-s3-insecure", "etcd-s3-skip-ssl-verify", "supervisor-metrics",
  "enable-pprof", "datastore-metrics", "nonroot-devices", "kine-tls", "tls-san-security",
] as const;

const numbers = [
  "https-listen-port",
  "etcd-snapshot-retention",
  "etcd-s3-retention",
  "v",
  "log-file-max-size",
] as const;

const durations = ["etcd-s3-timeout", "etcd-snapshot-reconcile-interval"] as const;

// prettier-ignore
const lists = [
  "tls-san", "cluster-cidr", "service-cidr", "service-node-port-range", "etcd-arg", "kube-apiserver-arg", "kube-scheduler-arg",
  "kube-controller-manager-arg", "kube-cloud-controller-manager-arg", "kubelet-arg", "kube-proxy-arg", "helm-controller-arg",
  "node-ip", "node-external-ip", "node-internal-dns", "node-external-dns", "node-label", "node-taint", "disable",
] as const;

/** Every known flag with the kind of its value. */
export const k3sFlags: ReadonlyMap<string, FlagKind> = new Map<string, FlagKind>([
  ...strings.map((name) => [name, "string"] as const),
  ...booleans.map((name) => [name, "boolean"] as const),
  ...numbers.map((name) => [name, "number"] as const),
  ...durations.map((name) => [name, "duration"] as const),
  ...lists.map((name) => [name, "list"] as const),
]);

/** Flags whose value is a secret or holds one. They are written to a file of their own and never shown. */
export const secretFlags: ReadonlySet<string> = new Set([
  "agent-token",
  "datastore-endpoint",
  "etcd-s3-access-key",
  "etcd-s3-secret-key",
  "etcd-s3-session-token",
  "vpn-auth",
]);
