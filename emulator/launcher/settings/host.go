package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Host answers what the settings need to know about the machine.
type Host interface {
	Hostname() (string, error)
	// Address is the machine's own IPv4 address: of the interface, or, where none is named, of the one with the default route.
	Address(interfaceName string) (netip.Addr, error)
}

// ThisHost asks the running system.
type ThisHost struct{}

// Hostname returns the name of the running system.
func (ThisHost) Hostname() (string, error) { return os.Hostname() }

// Address returns the first global IPv4 address of an interface.
func (ThisHost) Address(interfaceName string) (netip.Addr, error) {
	if interfaceName == "" {
		routes, err := os.ReadFile("/proc/net/route")
		if err != nil {
			return netip.Addr{}, err
		}
		if interfaceName = defaultInterface(string(routes)); interfaceName == "" {
			return netip.Addr{}, errors.New("no default routes found in \"/proc/net/route\": name the address with --node-ip")
		}
	}
	device, err := net.InterfaceByName(interfaceName)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("interface %s: %w", interfaceName, err)
	}
	addresses, err := device.Addrs()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsGlobalUnicast() {
			return prefix.Addr(), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("interface %s has no IPv4 address", interfaceName)
}

// defaultInterface finds the interface with the default route of lowest metric in the kernel's routing table.
func defaultInterface(routes string) string {
	best, bestMetric := "", ""
	for _, line := range strings.Split(routes, "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) < 8 || fields[1] != "00000000" || fields[7] != "00000000" {
			continue
		}
		metric := fmt.Sprintf("%12s", fields[6])
		if best == "" || metric < bestMetric {
			best, bestMetric = fields[0], metric
		}
	}
	return best
}
