// Package settings turns the flags of k3s into checked values that the rest of the launcher uses.
package settings

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k3s-board/emulator/launcher/flags"
)

// Settings are the values of one start. Paths are absolute.
type Settings struct {
	Role     flags.Role
	NodeArgs flags.NodeArgs

	Debug   bool
	Verbose int
	LogFile string

	DataDir           string
	BindAddress       string
	Port              int
	AdvertiseAddress  string
	AdvertisePort     int
	TLSSANs           []string
	ClusterCIDR       netip.Prefix
	ServiceCIDR       netip.Prefix
	NodePortRange     string
	ClusterDNS        netip.Addr
	ClusterDomain     string
	Kubeconfig        string
	KubeconfigMode    os.FileMode
	KubeconfigGroup   string
	Token             string
	AgentToken        string
	ServerURL         string
	ClusterInit       bool
	Disable           []string
	DisableScheduler  bool
	DisableKubeProxy  bool
	LocalStoragePath  string
	SystemRegistry    string
	RegistriesFile    string
	NoDefaultEndpoint bool
	PauseImage        string
	Snapshotter       string
	SELinux           bool
	NonrootDevices    bool
	ResolvConf        string
	ProtectKernel     bool
	CredentialBinDir  string
	CredentialConfig  string
	NodeName          string
	NodeIP            netip.Addr
	NodeLabels        []string
	NodeTaints        []string
	APIServerArgs     []string
	EtcdArgs          []string
	ControllerArgs    []string
	SchedulerArgs     []string
	KubeletArgs       []string
	KubeProxyArgs     []string
	FlannelBackend    string
}

// Resolve checks the values of the flags and fills in what follows from the host. Every problem is reported, in one error.
func Resolve(role flags.Role, loaded *flags.Loaded, host Host) (*Settings, error) {
	v := loaded.Values
	check := &problems{}
	s := &Settings{
		Role: role, NodeArgs: loaded.NodeArgs,
		Debug: v.Bool("debug"), Verbose: v.Int("v"), LogFile: v.String("log"),
		DataDir: absolute(v.String("data-dir")), BindAddress: v.String("bind-address"),
		Port: v.Int("https-listen-port"), AdvertiseAddress: v.String("advertise-address"), AdvertisePort: v.Int("advertise-port"),
		TLSSANs: v.Strings("tls-san"), NodePortRange: v.String("service-node-port-range"),
		ClusterDomain: v.String("cluster-domain"), Kubeconfig: absolute(v.String("write-kubeconfig")),
		KubeconfigGroup: v.String("write-kubeconfig-group"), ServerURL: v.String("server"),
		Disable: v.Strings("disable"), DisableScheduler: v.Bool("disable-scheduler"),
		DisableKubeProxy: v.Bool("disable-kube-proxy"), LocalStoragePath: v.String("default-local-storage-path"),
		SystemRegistry: v.String("system-default-registry"), RegistriesFile: absolute(v.String("private-registry")),
		NoDefaultEndpoint: v.Bool("disable-default-registry-endpoint"), PauseImage: v.String("pause-image"),
		Snapshotter: v.String("snapshotter"), SELinux: v.Bool("selinux"), NonrootDevices: v.Bool("nonroot-devices"),
		ResolvConf: v.String("resolv-conf"), ProtectKernel: v.Bool("protect-kernel-defaults"),
		CredentialBinDir: v.String("image-credential-provider-bin-dir"), CredentialConfig: v.String("image-credential-provider-config"),
		NodeLabels: v.Strings("node-label"), NodeTaints: v.Strings("node-taint"),
		APIServerArgs: v.Strings("kube-apiserver-arg"), EtcdArgs: v.Strings("etcd-arg"),
		ControllerArgs: v.Strings("kube-controller-manager-arg"), SchedulerArgs: v.Strings("kube-scheduler-arg"),
		KubeletArgs: v.Strings("kubelet-arg"), KubeProxyArgs: v.Strings("kube-proxy-arg"),
	}
	if s.AdvertisePort == 0 {
		s.AdvertisePort = s.Port
	}
	s.Token = check.secret("token", v.String("token"), v.String("token-file"))
	s.resolveNode(v, host, check)
	if role == flags.Server {
		s.AgentToken = check.secret("agent-token", v.String("agent-token"), v.String("agent-token-file"))
		s.resolveNetwork(v, check)
		s.KubeconfigMode = check.mode("write-kubeconfig-mode", v.String("write-kubeconfig-mode"))
		s.resolveServer(v, check)
		s.ClusterInit = v.Bool("cluster-init")
		s.FlannelBackend = v.String("flannel-backend")
	}
	return s, check.err()
}

// resolveServer checks what only a server has.
func (s *Settings) resolveServer(v *flags.Values, check *problems) {
	if s.ServerURL != "" && s.Token == "" {
		check.add("token", "is required to join a cluster")
	}
	if s.AdvertiseAddress == "" {
		s.AdvertiseAddress = s.NodeIP.String()
	}
	switch v.String("flannel-backend") {
	case "none", "vxlan", "host-gw", "wireguard-native":
	default:
		check.add("flannel-backend", fmt.Sprintf("unknown backend %q (none, vxlan, host-gw, wireguard-native)", v.String("flannel-backend")))
	}
	if _, err := netip.ParseAddr(s.BindAddress); err != nil {
		check.add("bind-address", err.Error())
	}
}

// resolveNetwork checks the address ranges, which must not overlap, and the DNS address, which must be a service's.
func (s *Settings) resolveNetwork(v *flags.Values, check *problems) {
	s.ClusterCIDR = check.prefix("cluster-cidr", v.Strings("cluster-cidr"))
	s.ServiceCIDR = check.prefix("service-cidr", v.Strings("service-cidr"))
	if !s.ClusterCIDR.IsValid() || !s.ServiceCIDR.IsValid() {
		return
	}
	if s.ClusterCIDR.Overlaps(s.ServiceCIDR) {
		check.add("cluster-cidr", fmt.Sprintf("%s overlaps the service-cidr %s", s.ClusterCIDR, s.ServiceCIDR))
	}
	if s.ClusterCIDR.Bits() > 24 {
		check.add("cluster-cidr", fmt.Sprintf("%s is too small: every node takes a /24 of it", s.ClusterCIDR))
	}
	s.ClusterDNS = nth(s.ServiceCIDR, 10)
	if given := v.Strings("cluster-dns"); len(given) > 0 {
		address, err := netip.ParseAddr(given[0])
		if err != nil {
			check.add("cluster-dns", err.Error())
			return
		}
		s.ClusterDNS = address
	}
	if !s.ServiceCIDR.Contains(s.ClusterDNS) {
		check.add("cluster-dns", fmt.Sprintf("%s is not in the service-cidr %s", s.ClusterDNS, s.ServiceCIDR))
	}
}

// resolveNode finds name and address of the node and checks its labels.
func (s *Settings) resolveNode(v *flags.Values, host Host, check *problems) {
	s.NodeName = strings.ToLower(v.String("node-name"))
	if s.NodeName == "" {
		name, err := host.Hostname()
		if err != nil {
			check.add("node-name", err.Error())
		}
		s.NodeName = strings.ToLower(name)
	}
	if given := v.Strings("node-ip"); len(given) > 0 {
		address, err := netip.ParseAddr(given[0])
		if err != nil {
			check.add("node-ip", err.Error())
		}
		s.NodeIP = address
	} else if address, err := host.Address(v.String("flannel-iface")); err != nil {
		check.add("node-ip", err.Error())
	} else {
		s.NodeIP = address
	}
	for _, label := range s.NodeLabels {
		if !strings.Contains(label, "=") {
			check.add("node-label", fmt.Sprintf("%q is not of the form key=value", label))
		}
	}
	if s.ResolvConf != "" {
		if _, err := os.Stat(s.ResolvConf); err != nil {
			check.add("resolv-conf", err.Error())
		}
	}
}

// APIServiceIP is the first address of the service range, where the API server is reached from pods.
func (s *Settings) APIServiceIP() netip.Addr { return nth(s.ServiceCIDR, 1) }

// SystemImage gives a bundled image its registry, if one was set for all of them.
func (s *Settings) SystemImage(name string) string {
	if s.SystemRegistry == "" {
		return name
	}
	return strings.TrimSuffix(s.SystemRegistry, "/") + "/" + name
}

// Path joins names below the data directory.
func (s *Settings) Path(names ...string) string {
	return filepath.Join(append([]string{s.DataDir}, names...)...)
}

func nth(prefix netip.Prefix, n int) netip.Addr {
	address := prefix.Masked().Addr()
	for range n {
		address = address.Next()
	}
	return address
}

func absolute(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// problems collects what is wrong, so that one start names all of it.
type problems struct{ lines []string }

func (p *problems) add(flag, reason string) {
	p.lines = append(p.lines, fmt.Sprintf("--%s: %s", flag, reason))
}

func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	return fmt.Errorf("invalid configuration: %s", strings.Join(p.lines, "; "))
}

func (p *problems) prefix(flag string, given []string) netip.Prefix {
	if len(given) != 1 {
		p.add(flag, fmt.Sprintf("this launcher takes one IPv4 range, got %d", len(given)))
		return netip.Prefix{}
	}
	prefix, err := netip.ParsePrefix(given[0])
	if err != nil {
		p.add(flag, fmt.Sprintf("invalid CIDR address: %s", given[0]))
		return netip.Prefix{}
	}
	if !prefix.Addr().Is4() {
		p.add(flag, fmt.Sprintf("%s: this launcher takes IPv4 only", given[0]))
		return netip.Prefix{}
	}
	return prefix.Masked()
}

func (p *problems) mode(flag, text string) os.FileMode {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode > 0o777 {
		p.add(flag, fmt.Sprintf("%q is not an octal file mode", text))
		return 0o600
	}
	return os.FileMode(mode)
}

func (p *problems) secret(flag, value, file string) string {
	if value != "" || file == "" {
		return value
	}
	content, err := os.ReadFile(file)
	if err != nil {
		p.add(flag+"-file", err.Error())
		return ""
	}
	return strings.TrimSpace(string(content))
}
