package settings

import (
	"net/netip"
	"strings"
	"testing"

	"k3s-board/emulator/launcher/flags"
)

type fixedHost struct{}

func (fixedHost) Hostname() (string, error) { return "Board", nil }
func (fixedHost) Address(string) (netip.Addr, error) {
	return netip.MustParseAddr("10.0.2.15"), nil
}

func resolve(t *testing.T, role flags.Role, args ...string) (*Settings, error) {
	t.Helper()
	values := flags.NewValues(role)
	if _, err := values.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Resolve(role, &flags.Loaded{Values: values}, fixedHost{})
}

func TestDefaults(t *testing.T) {
	s, err := resolve(t, flags.Server)
	if err != nil {
		t.Fatal(err)
	}
	if s.NodeName != "board" || s.ClusterDNS.String() != "10.43.0.10" || s.APIServiceIP().String() != "10.43.0.1" || s.KubeconfigMode != 0o600 || s.AdvertiseAddress != "10.0.2.15" {
		t.Errorf("%+v", s)
	}
	if s.SystemImage("rancher/x:1") != "rancher/x:1" {
		t.Error("images keep their names")
	}
}

func TestValuesThatFollow(t *testing.T) {
	s, err := resolve(t, flags.Server, "--service-cidr=10.99.0.0/16", "--cluster-cidr=10.98.0.0/16", "--system-default-registry=r.test/", "--node-ip=10.0.0.7", "--node-name=Other", "--write-kubeconfig-mode=644")
	if err != nil {
		t.Fatal(err)
	}
	if s.ClusterDNS.String() != "10.99.0.10" || s.SystemImage("a:1") != "r.test/a:1" || s.NodeIP.String() != "10.0.0.7" || s.NodeName != "other" || s.KubeconfigMode != 0o644 {
		t.Errorf("%+v", s)
	}
}

func TestAllProblemsAreNamedTogether(t *testing.T) {
	_, err := resolve(t, flags.Server, "--cluster-cidr=nonsense", "--node-ip=1.2.3", "--write-kubeconfig-mode=rw", "--node-label=nope", "--flannel-backend=magic")
	if err == nil {
		t.Fatal("accepted")
	}
	for _, flag := range []string{"--cluster-cidr", "--node-ip", "--write-kubeconfig-mode", "--node-label", "--flannel-backend"} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in: %v", flag, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for reason, args := range map[string][]string{
		"overlaps":         {"--cluster-cidr=10.43.0.0/16"},
		"too small":        {"--cluster-cidr=10.42.0.0/25"},
		"not in the":       {"--cluster-dns=10.44.0.10"},
		"IPv4":             {"--cluster-cidr=fd00::/56"},
		"--token: ":        {"--server=https://other:6443"},
		"no such file":     {"--token-file=/no/such/file"},
		"--resolv-conf":    {"--resolv-conf=/no/such/file"},
		"--bind-address: ": {"--bind-address=nowhere"},
	} {
		if _, err := resolve(t, flags.Server, args...); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestDefaultInterface(t *testing.T) {
	table := "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n" +
		"eth1\t00000000\t0101A8C0\t0003\t0\t0\t1024\t00000000\n" +
		"eth0\t00000000\t0202000A\t0003\t0\t0\t100\t00000000\n" +
		"cni0\t00002A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"
	if got := defaultInterface(table); got != "eth0" {
		t.Errorf("got %q", got)
	}
	if got := defaultInterface("Iface\n"); got != "" {
		t.Errorf("got %q", got)
	}
}
