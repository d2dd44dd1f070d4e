package node

import (
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/settings"
	"k3s-board/emulator/launcher/supervise"
)

// Identity is what a node needs to know of its cluster.
type Identity struct {
	ServerURL     string
	ClusterDNS    netip.Addr
	ClusterDomain string
	ClusterCIDR   netip.Prefix
}

// AgentFile is a file in the node's directory, at k3s's own name.
func AgentFile(s *settings.Settings, name string) string { return s.Path("agent", name) }

// WriteKubelet writes the kubelet's configuration and kubeconfig.
func WriteKubelet(s *settings.Settings, identity Identity) error {
	resolvConf, err := ResolvConf(s)
	if err != nil {
		return err
	}
	driver := "cgroupfs"
	if usesSystemd() {
		driver = "systemd"
	}
	settled := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"address": "0.0.0.0", "healthzBindAddress": "127.0.0.1", "readOnlyPort": 0,
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false}, "webhook": map[string]any{"enabled": true, "cacheTTL": "2m0s"},
			"x509": map[string]any{"clientCAFile": AgentFile(s, "client-ca.crt")},
		},
		"authorization": map[string]any{"mode": "Webhook"},
		"tlsCertFile":   AgentFile(s, "serving-kubelet.crt"), "tlsPrivateKeyFile": AgentFile(s, "serving-kubelet.key"),
		"cgroupDriver": driver, "containerRuntimeEndpoint": "unix://" + ContainerdSocket,
		"clusterDNS": []string{identity.ClusterDNS.String()}, "clusterDomain": identity.ClusterDomain,
		"resolvConf": resolvConf, "failSwapOn": false, "serializeImagePulls": false,
		"evictionHard":           map[string]string{"imagefs.available": "5%", "nodefs.available": "5%"},
		"evictionMinimumReclaim": map[string]string{"imagefs.available": "10%", "nodefs.available": "10%"},
		"staticPodPath":          AgentFile(s, "pod-manifests"),
		"protectKernelDefaults":  s.ProtectKernel,
		"registerWithTaints":     taints(s.NodeTaints),
		// A board that emulates its processor starts a sandbox in many seconds and may be silent for long.
		"runtimeRequestTimeout": "10m0s", "nodeLeaseDurationSeconds": 120, "streamingConnectionIdleTimeout": "4h0m0s",
	}
	if _, err := files.WriteIfChanged(filepath.Join(kubeletConfigDirectory(s), "00-k3s-defaults.conf"), mustYAML(settled), 0o600); err != nil {
		return err
	}
	return WriteKubeconfig(AgentFile(s, "kubelet.kubeconfig"), Kubeconfig{
		Server: identity.ServerURL, CAFile: AgentFile(s, "server-ca.crt"), Certificate: AgentFile(s, "client-kubelet"),
	})
}

func kubeletConfigDirectory(s *settings.Settings) string {
	return s.Path("agent", "etc", "kubelet.conf.d")
}

// Kubelet is the program to run.
func Kubelet(s *settings.Settings, bin string) supervise.Program {
	own := map[string]string{
		"config-dir":        kubeletConfigDirectory(s),
		"kubeconfig":        AgentFile(s, "kubelet.kubeconfig"),
		"hostname-override": s.NodeName,
		"node-ip":           s.NodeIP.String(),
		"provider-id":       "k3s://" + s.NodeName,
		"v":                 strconv.Itoa(s.Verbose),
	}
	if labels := kubeletLabels(s.NodeLabels); labels != "" {
		own["node-labels"] = labels
	}
	if exists(s.CredentialConfig) && exists(s.CredentialBinDir) {
		own["image-credential-provider-config"] = s.CredentialConfig
		own["image-credential-provider-bin-dir"] = s.CredentialBinDir
	}
	return supervise.Program{Name: "kubelet", Path: filepath.Join(bin, "kubelet"), Args: Arguments(own, s.KubeletArgs), Env: Environment(bin)}
}

// kubeletLabels adds the label by which k3s's nodes are known.
func kubeletLabels(labels []string) string {
	return strings.Join(append([]string{"node.kubernetes.io/instance-type=k3s"}, labels...), ",")
}

// Proxy is kube-proxy.
func Proxy(s *settings.Settings, bin string, identity Identity) supervise.Program {
	own := map[string]string{
		"kubeconfig":        AgentFile(s, "kubeproxy.kubeconfig"),
		"cluster-cidr":      identity.ClusterCIDR.String(),
		"hostname-override": s.NodeName,
		"proxy-mode":        "iptables",
		// Left to the host, as k3s does.
		"conntrack-max-per-core": "0", "conntrack-tcp-timeout-established": "0s", "conntrack-tcp-timeout-close-wait": "0s",
		"healthz-bind-address": "127.0.0.1:10256", "metrics-bind-address": "127.0.0.1:10249",
		// Each change of rules costs about a second on a slow board: gather them.
		"iptables-min-sync-period": "2s",
		"v":                        strconv.Itoa(s.Verbose),
	}
	return supervise.Program{Name: "kube-proxy", Path: filepath.Join(bin, "kube-proxy"), Args: Arguments(own, s.KubeProxyArgs), Env: Environment(bin)}
}

// WriteProxy writes kube-proxy's kubeconfig.
func WriteProxy(s *settings.Settings, identity Identity) error {
	return WriteKubeconfig(AgentFile(s, "kubeproxy.kubeconfig"), Kubeconfig{
		Server: identity.ServerURL, CAFile: AgentFile(s, "server-ca.crt"), Certificate: AgentFile(s, "client-kube-proxy"),
	})
}

// taints turns key=value:Effect into objects.
func taints(given []string) []any {
	list := []any{}
	for _, taint := range given {
		rest, effect, _ := strings.Cut(taint, ":")
		key, value, _ := strings.Cut(rest, "=")
		list = append(list, map[string]any{"key": key, "value": value, "effect": effect})
	}
	return list
}

func mustYAML(value any) []byte {
	content, err := yaml.Marshal(value)
	if err != nil {
		panic(err) // plain maps and lists always marshal
	}
	return content
}
