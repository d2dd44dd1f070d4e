package node

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/settings"
)

// cniPlugins are the network plugins that the launcher carries.
var cniPlugins = []string{"bridge", "loopback", "host-local", "portmap", "bandwidth"}

// WriteNetwork writes the pod network's configuration for the range of this node. The node is not Ready before.
func WriteNetwork(s *settings.Settings, podCIDR netip.Prefix) error {
	list := map[string]any{
		"cniVersion": "1.0.0", "name": "cbr0",
		"plugins": []any{
			map[string]any{
				"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
				// Masquerading is one rule for the whole node (see Masquerade): a chain per pod, which this plugin would make, takes
				// seconds on a slow board.
				"ipMasq": false,
				"ipam": map[string]any{
					"type":   "host-local",
					"ranges": []any{[]any{map[string]any{"subnet": podCIDR.String()}}},
					"routes": []any{map[string]any{"dst": "0.0.0.0/0"}},
				},
			},
			map[string]any{"type": "portmap", "capabilities": map[string]any{"portMappings": true}},
			map[string]any{"type": "bandwidth", "capabilities": map[string]any{"bandwidth": true}},
		},
	}
	content, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	_, err = files.WriteIfChanged(s.Path("agent", "etc", "cni", "net.d", "10-bridge.conflist"), append(content, '\n'), 0o644)
	return err
}

// Masquerade does what flannel does in k3s, under a comment by which k3s's own clean-up and ours find the rules: it lets pods reach what is outside the cluster, and lets forwarded packets pass on hosts whose policy is to drop them.
func Masquerade(cluster netip.Prefix) error {
	comment := []string{"-m", "comment", "--comment", "flanneld pod network"}
	pods := cluster.String()
	rules := [][]string{
		append([]string{"nat", "POSTROUTING", "-s", pods, "!", "-d", pods}, append(comment, "-j", "MASQUERADE")...),
		append([]string{"filter", "FORWARD", "-s", pods}, append(comment, "-j", "ACCEPT")...),
		append([]string{"filter", "FORWARD", "-d", pods}, append(comment, "-j", "ACCEPT")...),
	}
	for _, rule := range rules {
		table, chain, match := rule[0], rule[1], rule[2:]
		if exec.Command("iptables", append([]string{"-w", "30", "-t", table, "-C", chain}, match...)...).Run() == nil {
			continue
		}
		output, err := exec.Command("iptables", append([]string{"-w", "30", "-t", table, "-A", chain}, match...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("iptables: %s", strings.TrimSpace(string(output)))
		}
	}
	return nil
}

// Route sends the pods of another node through its address, as flannel's host-gw backend does.
func Route(podCIDR netip.Prefix, via netip.Addr) error {
	output, err := exec.Command("ip", "route", "replace", podCIDR.String(), "via", via.String()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip route: %s", strings.TrimSpace(string(output)))
	}
	return nil
}
