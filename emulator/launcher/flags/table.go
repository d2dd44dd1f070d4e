// Package flags knows the command line and the configuration files of k3s: which flags exist, how the files are merged,
// and what the result means for the launcher.
package flags

// Kind says what a flag takes.
type Kind int

const (
	// String takes one value; the last one given wins.
	String Kind = iota
	// Bool takes no value, or =true and =false.
	Bool
	// Int takes a whole number.
	Int
	// List may be given several times and keeps every value in order.
	List
	// CommaList is a list whose values are also split at commas.
	CommaList
)

// Flag is one flag of `k3s server` or `k3s agent`.
type Flag struct {
	Name     string
	Short    string
	Kind     Kind
	Env      string
	Default  string
	Usage    string
	Agent    bool // also known to `k3s agent`
	Only     bool // known to `k3s agent` only
	Accepted bool // known to k3s and accepted, without effect here
	Secret   bool // never shown
}

// both marks flags of the node, which server and agent share.
const both = true

// Table lists the flags in the order in which --help shows them.
var Table = []Flag{
	{Name: "config", Short: "c", Env: "K3S_CONFIG_FILE", Default: "/etc/rancher/k3s/config.yaml", Agent: both, Usage: "(config) Load configuration from `FILE`"},
	{Name: "debug", Kind: Bool, Env: "K3S_DEBUG", Agent: both, Usage: "(logging) Turn on debug logs"},
	{Name: "v", Kind: Int, Default: "0", Agent: both, Usage: "(logging) Number for the log level verbosity"},
	{Name: "vmodule", Agent: both, Accepted: true, Usage: "(logging) Comma-separated list of FILE_PATTERN=LOG_LEVEL settings for file-filtered logging"},
	{Name: "log", Short: "l", Agent: both, Usage: "(logging) Log to file"},
	{Name: "alsologtostderr", Kind: Bool, Agent: both, Usage: "(logging) Log to standard error as well as file (if set)"},
	{Name: "bind-address", Default: "0.0.0.0", Agent: both, Usage: "(listener) k3s bind address"},
	{Name: "https-listen-port", Kind: Int, Default: "6443", Usage: "(listener) HTTPS listen port"},
	{Name: "supervisor-port", Kind: Int, Accepted: true, Usage: "(experimental) Supervisor listen port override"},
	{Name: "advertise-address", Usage: "(listener) IPv4/IPv6 address that apiserver uses to advertise to members of the cluster (default: node-ip)"},
	{Name: "advertise-port", Kind: Int, Usage: "(listener) Port that apiserver uses to advertise to members of the cluster (default: listen-port)"},
	{Name: "tls-san", Kind: CommaList, Usage: "(listener) Add additional hostnames or IPv4/IPv6 addresses as Subject Alternative Names on the server TLS cert"},
	{Name: "tls-san-security", Kind: Bool, Default: "true", Accepted: true, Usage: "(listener) Protect the server TLS cert by refusing to add Subject Alternative Names not associated with the kubernetes apiserver service, server nodes, or values of the tls-san option"},
	{Name: "data-dir", Short: "d", Env: "K3S_DATA_DIR", Default: "/var/lib/rancher/k3s", Agent: both, Usage: "(data) Folder to hold state"},
	{Name: "cluster-cidr", Kind: CommaList, Default: "10.42.0.0/16", Usage: "(networking) IPv4/IPv6 network CIDRs to use for pod IPs"},
	{Name: "service-cidr", Kind: CommaList, Default: "10.43.0.0/16", Usage: "(networking) IPv4/IPv6 network CIDRs to use for service IPs"},
	{Name: "service-node-port-range", Default: "30000-32767", Usage: "(networking) Port range to reserve for services with NodePort visibility"},
	{Name: "cluster-dns", Kind: CommaList, Usage: "(networking) IPv4 Cluster IP for coredns service. Should be in your service-cidr range (default: 10.43.0.10)"},
	{Name: "cluster-domain", Default: "cluster.local", Usage: "(networking) Cluster Domain"},
	{Name: "flannel-backend", Default: "vxlan", Usage: "(networking) Backend (valid values: 'none', 'vxlan', 'host-gw', 'wireguard-native')"},
	{Name: "flannel-ipv6-masq", Kind: Bool, Accepted: true, Usage: "(networking) Enable IPv6 masquerading for pod"},
	{Name: "flannel-external-ip", Kind: Bool, Accepted: true, Usage: "(networking) Use node external IP addresses for Flannel traffic"},
	{Name: "egress-selector-mode", Accepted: true, Usage: "(networking) One of 'agent', 'cluster', 'pod', 'disabled'"},
	{Name: "servicelb-namespace", Accepted: true, Usage: "(networking) Namespace of the pods for the servicelb component"},
	{Name: "write-kubeconfig", Short: "o", Env: "K3S_KUBECONFIG_OUTPUT", Default: "/etc/rancher/k3s/k3s.yaml", Usage: "(client) Write kubeconfig for admin client to this file"},
	{Name: "write-kubeconfig-mode", Env: "K3S_KUBECONFIG_MODE", Default: "0600", Usage: "(client) Write kubeconfig with this mode"},
	{Name: "write-kubeconfig-name", Env: "K3S_KUBECONFIG_NAME", Accepted: true, Usage: "(client) Name of cluster, context and user in the kubeconfig"},
	{Name: "write-kubeconfig-group", Env: "K3S_KUBECONFIG_GROUP", Usage: "(client) Write kubeconfig with this group"},
	{Name: "helm-job-image", Env: "K3S_HELM_JOB_IMAGE", Accepted: true, Usage: "(helm) Default image to use for helm jobs"},
	{Name: "helm-controller-arg", Kind: List, Accepted: true, Usage: "(flags) Customized flag for the helm controller"},
	{Name: "token", Short: "t", Env: "K3S_TOKEN", Agent: both, Secret: true, Usage: "(cluster) Shared secret used to join a server or agent to a cluster"},
	{Name: "token-file", Env: "K3S_TOKEN_FILE", Agent: both, Usage: "(cluster) File containing the token"},
	{Name: "agent-token", Env: "K3S_AGENT_TOKEN", Secret: true, Usage: "(cluster) Shared secret used to join agents to the cluster, but not servers"},
	{Name: "agent-token-file", Env: "K3S_AGENT_TOKEN_FILE", Usage: "(cluster) File containing the agent secret"},
	{Name: "server", Short: "s", Env: "K3S_URL", Agent: both, Usage: "(cluster) Server to connect to, used to join a cluster"},
	{Name: "cluster-init", Kind: Bool, Env: "K3S_CLUSTER_INIT", Usage: "(cluster) Initialize a new cluster using embedded Etcd"},
	{Name: "cluster-reset", Kind: Bool, Accepted: true, Usage: "(cluster) Forget all peers and become sole member of a new cluster"},
	{Name: "cluster-reset-restore-path", Accepted: true, Usage: "(db) Path to snapshot file to be restored"},
	{Name: "kube-apiserver-arg", Kind: List, Usage: "(flags) Customized flag for kube-apiserver process"},
	{Name: "etcd-arg", Kind: List, Usage: "(flags) Customized flag for etcd process"},
	{Name: "kube-controller-manager-arg", Kind: List, Usage: "(flags) Customized flag for kube-controller-manager process"},
	{Name: "kube-scheduler-arg", Kind: List, Usage: "(flags) Customized flag for kube-scheduler process"},
	{Name: "kube-cloud-controller-manager-arg", Kind: List, Accepted: true, Usage: "(flags) Customized flag for kube-cloud-controller-manager process"},
	{Name: "kine-tls", Kind: Bool, Accepted: true, Usage: "(experimental/db) Enable TLS on the kine etcd server socket"},
	{Name: "datastore-endpoint", Env: "K3S_DATASTORE_ENDPOINT", Accepted: true, Secret: true, Usage: "(db) Specify etcd, NATS, MySQL, Postgres, or SQLite (default) data source name"},
	{Name: "datastore-cafile", Accepted: true, Usage: "(db) TLS Certificate Authority file used to secure datastore backend communication"},
	{Name: "datastore-certfile", Accepted: true, Usage: "(db) TLS certification file used to secure datastore backend communication"},
	{Name: "datastore-keyfile", Accepted: true, Usage: "(db) TLS key file used to secure datastore backend communication"},
	{Name: "etcd-expose-metrics", Kind: Bool, Accepted: true, Usage: "(db) Expose etcd metrics to client interface"},
	{Name: "etcd-disable-snapshots", Kind: Bool, Accepted: true, Usage: "(db) Disable automatic etcd snapshots"},
	{Name: "etcd-snapshot-name", Accepted: true, Usage: "(db) Set the base name of etcd snapshots"},
	{Name: "etcd-snapshot-schedule-cron", Accepted: true, Usage: "(db) Snapshot interval time in cron spec"},
	{Name: "etcd-snapshot-reconcile-interval", Accepted: true, Usage: "(db) Snapshot reconcile interval"},
	{Name: "etcd-snapshot-retention", Kind: Int, Accepted: true, Usage: "(db) Number of snapshots to retain"},
	{Name: "etcd-snapshot-dir", Accepted: true, Usage: "(db) Directory to save db snapshots"},
	{Name: "etcd-snapshot-compress", Kind: Bool, Accepted: true, Usage: "(db) Compress etcd snapshot"},
	{Name: "etcd-s3", Kind: Bool, Accepted: true, Usage: "(db) Enable backup to S3"},
	{Name: "etcd-s3-endpoint", Accepted: true, Usage: "(db) S3 endpoint url"},
	{Name: "etcd-s3-bucket", Accepted: true, Usage: "(db) S3 bucket name"},
	{Name: "etcd-s3-folder", Accepted: true, Usage: "(db) S3 folder"},
	{Name: "etcd-s3-region", Accepted: true, Usage: "(db) S3 region / bucket location"},
	{Name: "etcd-s3-access-key", Accepted: true, Secret: true, Usage: "(db) S3 access key"},
	{Name: "etcd-s3-secret-key", Accepted: true, Secret: true, Usage: "(db) S3 secret key"},
	{Name: "etcd-s3-config-secret", Accepted: true, Usage: "(db) Name of secret in the kube-system namespace used to configure S3"},
	{Name: "etcd-s3-bucket-lookup-type", Accepted: true, Usage: "(db) S3 bucket lookup type"},
	{Name: "etcd-s3-endpoint-ca", Accepted: true, Usage: "(db) CA certificate of the S3 endpoint"},
	{Name: "etcd-s3-skip-ssl-verify", Kind: Bool, Accepted: true, Usage: "(db) Do not check the certificate of the S3 endpoint"},
	{Name: "etcd-s3-insecure", Kind: Bool, Accepted: true, Usage: "(db) S3 without HTTPS"},
	{Name: "etcd-s3-proxy", Accepted: true, Usage: "(db) Proxy for S3"},
	{Name: "etcd-s3-retention", Kind: Int, Accepted: true, Usage: "(db) Number of snapshots in S3 to retain"},
	{Name: "etcd-s3-session-token", Accepted: true, Secret: true, Usage: "(db) S3 session token"},
	{Name: "etcd-s3-timeout", Accepted: true, Usage: "(db) Time limit for S3"},
	{Name: "default-local-storage-path", Usage: "(storage) Default local storage path for local provisioner storage class"},
	{Name: "disable", Kind: CommaList, Usage: "(components) Do not deploy packaged components and delete any deployed components (valid items: coredns, servicelb, traefik, local-storage, metrics-server, runtimes)"},
	{Name: "disable-scheduler", Kind: Bool, Usage: "(components) Disable Kubernetes default scheduler"},
	{Name: "disable-cloud-controller", Kind: Bool, Accepted: true, Usage: "(components) Disable k3s default cloud controller manager"},
	{Name: "disable-kube-proxy", Kind: Bool, Usage: "(components) Disable running kube-proxy"},
	{Name: "disable-network-policy", Kind: Bool, Usage: "(components) Disable k3s default network policy controller"},
	{Name: "disable-helm-controller", Kind: Bool, Usage: "(components) Disable Helm controller"},
	{Name: "disable-agent", Kind: Bool, Accepted: true, Usage: "(experimental/agent) Do not run a local agent"},
	{Name: "embedded-registry", Kind: Bool, Accepted: true, Usage: "(components) Enable embedded distributed container registry"},
	{Name: "supervisor-metrics", Kind: Bool, Accepted: true, Usage: "(components) Enable serving k3s internal metrics on the supervisor port"},
	{Name: "node-name", Env: "K3S_NODE_NAME", Agent: both, Usage: "(agent/node) Node name"},
	{Name: "with-node-id", Kind: Bool, Agent: both, Accepted: true, Usage: "(agent/node) Append id to node name"},
	{Name: "node-label", Kind: List, Env: "K3S_NODE_LABEL", Agent: both, Usage: "(agent/node) Registering and starting kubelet with set of labels"},
	{Name: "node-taint", Kind: List, Agent: both, Usage: "(agent/node) Registering kubelet with set of taints"},
	{Name: "image-credential-provider-bin-dir", Default: "/var/lib/rancher/credentialprovider/bin", Agent: both, Usage: "(agent/node) The path to the directory where credential provider plugin binaries are located"},
	{Name: "image-credential-provider-config", Default: "/var/lib/rancher/credentialprovider/config.yaml", Agent: both, Usage: "(agent/node) The path to the credential provider plugin config file"},
	{Name: "docker", Kind: Bool, Agent: both, Accepted: true, Usage: "(agent/runtime) (experimental) Use cri-dockerd instead of containerd"},
	{Name: "container-runtime-endpoint", Agent: both, Accepted: true, Usage: "(agent/runtime) Disable embedded containerd and use the CRI socket at the given path"},
	{Name: "default-runtime", Agent: both, Accepted: true, Usage: "(agent/runtime) Set the default runtime in containerd"},
	{Name: "image-service-endpoint", Agent: both, Accepted: true, Usage: "(agent/runtime) Disable embedded containerd image service and use remote image service socket at the given path"},
	{Name: "disable-default-registry-endpoint", Kind: Bool, Agent: both, Usage: "(agent/containerd) Disables containerd fallback default registry endpoint when a mirror is configured for that registry"},
	{Name: "nonroot-devices", Kind: Bool, Agent: both, Usage: "(agent/containerd) Allows non-root pods to access devices by setting device_ownership_from_security_context=true in the containerd CRI config"},
	{Name: "pause-image", Default: "rancher/mirrored-pause:3.10.2", Agent: both, Usage: "(agent/runtime) Customized pause image for containerd or docker sandbox"},
	{Name: "private-registry", Default: "/etc/rancher/k3s/registries.yaml", Agent: both, Usage: "(agent/runtime) Private registry configuration file"},
	{Name: "snapshotter", Default: "overlayfs", Agent: both, Usage: "(agent/runtime) Override default containerd snapshotter"},
	{Name: "system-default-registry", Env: "K3S_SYSTEM_DEFAULT_REGISTRY", Usage: "(agent/runtime) Private registry to be used for all system images"},
	{Name: "airgap-extra-registry", Kind: List, Agent: both, Accepted: true, Usage: "(agent/runtime) Additional registry to tag airgap images as being sourced from"},
	{Name: "node-ip", Short: "i", Kind: CommaList, Agent: both, Usage: "(agent/networking) IPv4/IPv6 addresses to advertise for node"},
	{Name: "node-external-ip", Kind: CommaList, Agent: both, Accepted: true, Usage: "(agent/networking) IPv4/IPv6 external IP addresses to advertise for node"},
	{Name: "node-internal-dns", Kind: CommaList, Agent: both, Accepted: true, Usage: "(agent/networking) internal DNS addresses to advertise for node"},
	{Name: "node-external-dns", Kind: CommaList, Agent: both, Accepted: true, Usage: "(agent/networking) external DNS addresses to advertise for node"},
	{Name: "resolv-conf", Env: "K3S_RESOLV_CONF", Agent: both, Usage: "(agent/networking) Kubelet resolv.conf file"},
	{Name: "flannel-iface", Agent: both, Usage: "(agent/networking) Override default flannel interface"},
	{Name: "flannel-conf", Agent: both, Accepted: true, Usage: "(agent/networking) Override default flannel config file"},
	{Name: "flannel-cni-conf", Agent: both, Accepted: true, Usage: "(agent/networking) Override default flannel cni config file"},
	{Name: "vpn-auth", Agent: both, Accepted: true, Secret: true, Usage: "(agent/networking) (experimental) Credentials for the VPN provider"},
	{Name: "vpn-auth-file", Agent: both, Accepted: true, Usage: "(agent/networking) (experimental) File containing credentials for the VPN provider"},
	{Name: "kubelet-arg", Kind: List, Agent: both, Usage: "(agent/flags) Customized flag for kubelet process"},
	{Name: "kube-proxy-arg", Kind: List, Agent: both, Usage: "(agent/flags) Customized flag for kube-proxy process"},
	{Name: "protect-kernel-defaults", Kind: Bool, Agent: both, Usage: "(agent/node) Kernel tuning behavior. If set, error if kernel tunables are different than kubelet defaults."},
	{Name: "secrets-encryption", Kind: Bool, Accepted: true, Usage: "Enable secret encryption at rest"},
	{Name: "secrets-encryption-provider", Accepted: true, Usage: "Secret encryption provider"},
	{Name: "enable-pprof", Kind: Bool, Agent: both, Accepted: true, Usage: "(experimental) Enable pprof endpoint on supervisor port"},
	{Name: "rootless", Kind: Bool, Agent: both, Accepted: true, Usage: "(experimental) Run rootless"},
	{Name: "prefer-bundled-bin", Kind: Bool, Agent: both, Accepted: true, Usage: "(experimental) Prefer bundled userspace binaries over host binaries"},
	{Name: "selinux", Kind: Bool, Env: "K3S_SELINUX", Agent: both, Usage: "(agent/node) Enable SELinux in containerd"},
	{Name: "lb-server-port", Kind: Int, Agent: both, Accepted: true, Usage: "(agent/node) Local port for supervisor client load-balancer"},
	{Name: "disable-apiserver-lb", Kind: Bool, Agent: both, Only: true, Accepted: true, Usage: "(agent/networking) (experimental) Disable the agent's client-side load-balancer"},
}

// Role is the k3s command that the flags belong to.
type Role string

const (
	// Server is `k3s server`.
	Server Role = "server"
	// Agent is `k3s agent`.
	Agent Role = "agent"
)

// ForRole returns the flags that a role knows, in table order.
func ForRole(role Role) []Flag {
	var known []Flag
	for _, flag := range Table {
		if (role == Agent && flag.Agent) || (role == Server && !flag.Only) {
			known = append(known, flag)
		}
	}
	return known
}
