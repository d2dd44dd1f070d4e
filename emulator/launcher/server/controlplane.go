// Package server runs a k3s server: datastore, control plane, the manifests, and the node that it is itself.
package server

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/settings"
	"k3s-board/emulator/launcher/supervise"
)

const (
	// runDirectory holds sockets that only root may reach: etcd trusts whoever can open its socket.
	runDirectory     = "/run/k3s/server"
	etcdSocket       = runDirectory + "/etcd.sock"
	supervisorSocket = runDirectory + "/supervisor.sock"
)

// controlPlane makes the programs of the control plane from settings and certificates.
type controlPlane struct {
	settings *settings.Settings
	pki      *pki.Cluster
	bin      string
}

func (c *controlPlane) program(name string, own map[string]string, given []string) supervise.Program {
	return supervise.Program{
		Name: name, Path: filepath.Join(c.bin, name), Args: node.Arguments(own, given), Env: node.Environment(c.bin), Directory: runDirectory,
	}
}

// etcd answers its clients on a unix socket only: no port to guard and no TLS to compute on a slow processor.
func (c *controlPlane) etcd(m membership) supervise.Program {
	flags := map[string]string{
		"name": m.Name, "data-dir": etcdDirectory(c.settings),
		"listen-client-urls": "unix://" + etcdSocket, "advertise-client-urls": "unix://client:1",
		"log-level": "warn", "enable-grpc-gateway": strconv.FormatBool(m.clustered()), "snapshot-count": "10000",
		"warning-apply-duration": "5s", "warning-unary-request-duration": "10s",
		// A board that emulates its processor stalls for longer than etcd's patience of one second.
		"heartbeat-interval": "500", "election-timeout": "5000",
	}
	program := c.program("etcd", with(flags, c.peerFlags(m)), c.settings.EtcdArgs)
	program.StopLast = true
	return program
}

// peerFlags say where the other members are, or that there are none.
func (c *controlPlane) peerFlags(m membership) map[string]string {
	if !m.clustered() {
		// A peer address is needed even when there are no peers. Upstream wants host:port and takes that as the name of the socket, relative
		// to the directory in which the program runs.
		const peer = "unix://peer:1"
		return map[string]string{"listen-peer-urls": peer, "initial-advertise-peer-urls": peer, "initial-cluster": m.Name + "=" + peer}
	}
	state := "new"
	if m.Joins {
		state = "existing"
	}
	return map[string]string{
		"listen-peer-urls": m.PeerURL, "initial-advertise-peer-urls": m.PeerURL,
		"initial-cluster": m.InitialCluster, "initial-cluster-state": state,
		"peer-cert-file": c.pki.Path(pki.PeerCertificate + ".crt"), "peer-key-file": c.pki.Path(pki.PeerCertificate + ".key"),
		"peer-trusted-ca-file": c.pki.PeerAuthority(), "peer-client-cert-auth": "true",
	}
}

// electing are the flags by which one of several servers is chosen; a server that is alone has nothing to elect.
func electing(m membership) map[string]string {
	if !m.clustered() {
		return map[string]string{"leader-elect": "false"}
	}
	// an emulated processor may be silent for long
	return map[string]string{
		"leader-elect": "true", "leader-elect-lease-duration": "90s", "leader-elect-renew-deadline": "60s", "leader-elect-retry-period": "6s",
	}
}

func with(flags map[string]string, more map[string]string) map[string]string {
	for name, value := range more {
		flags[name] = value
	}
	return flags
}

func (c *controlPlane) apiServer() supervise.Program {
	s := c.settings
	issuer := "https://kubernetes.default.svc." + s.ClusterDomain
	program := c.program("kube-apiserver", map[string]string{
		"advertise-address": s.AdvertiseAddress, "bind-address": s.BindAddress, "secure-port": strconv.Itoa(s.Port),
		"allow-privileged": "true", "anonymous-auth": "false", "profiling": "false",
		"authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction",
		"etcd-servers": "unix://" + etcdSocket, "storage-backend": "etcd3",
		"client-ca-file": c.pki.Path("client-ca.crt"),
		"tls-cert-file":  c.pki.Path("serving-kube-apiserver.crt"), "tls-private-key-file": c.pki.Path("serving-kube-apiserver.key"),
		"kubelet-certificate-authority":      c.pki.Path("server-ca.crt"),
		"kubelet-client-certificate":         c.pki.Path("client-kube-apiserver.crt"),
		"kubelet-client-key":                 c.pki.Path("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"proxy-client-cert-file":             c.pki.Path("client-auth-proxy.crt"),
		"proxy-client-key-file":              c.pki.Path("client-auth-proxy.key"),
		"requestheader-client-ca-file":       c.pki.Path("request-header-ca.crt"),
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"service-account-issuer":             issuer,
		"service-account-key-file":           c.pki.Path("service.key"),
		"service-account-signing-key-file":   c.pki.Path("service.key"),
		"api-audiences":                      issuer + ",k3s",
		"service-cluster-ip-range":           s.ServiceCIDR.String(),
		"service-node-port-range":            s.NodePortRange,
		"v":                                  strconv.Itoa(s.Verbose),
	}, s.APIServerArgs)
	program.Env = append(program.Env, "K3S_SUPERVISOR_SOCKET="+supervisorSocket)
	return program
}

func (c *controlPlane) controllerManager(m membership) supervise.Program {
	s := c.settings
	return c.program("kube-controller-manager", with(electing(m), map[string]string{
		"kubeconfig": c.credential("controller"), "bind-address": "127.0.0.1", "profiling": "false",
		"tls-cert-file": c.pki.Path("kube-controller-manager.crt"), "tls-private-key-file": c.pki.Path("kube-controller-manager.key"),
		// One identity for all controllers: an account and a token for each of thirty would take half a minute of a slow board's start.
		"use-service-account-credentials": "false",
		"allocate-node-cidrs":             "true", "cluster-cidr": s.ClusterCIDR.String(), "service-cluster-ip-range": s.ServiceCIDR.String(),
		"cluster-signing-cert-file": c.pki.Path("client-ca.crt"), "cluster-signing-key-file": c.pki.Path("client-ca.key"),
		"root-ca-file": c.pki.Path("server-ca.crt"), "service-account-private-key-file": c.pki.Path("service.key"),
		"controllers": "*,-bootstrapsigner,-tokencleaner,-cloud-node-lifecycle,-node-route-controller,-service-lb-controller",
		// A node that emulates its processor may be silent for long.
		"node-monitor-grace-period": "2m",
		"kube-api-qps":              "200", "kube-api-burst": "400",
		"v": strconv.Itoa(s.Verbose),
	}), s.ControllerArgs)
}

func (c *controlPlane) scheduler(m membership) supervise.Program {
	return c.program("kube-scheduler", with(electing(m), map[string]string{
		"kubeconfig": c.credential("scheduler"), "bind-address": "127.0.0.1", "profiling": "false",
		"tls-cert-file": c.pki.Path("kube-scheduler.crt"), "tls-private-key-file": c.pki.Path("kube-scheduler.key"),
		"v": strconv.Itoa(c.settings.Verbose),
	}), c.settings.SchedulerArgs)
}

func (c *controlPlane) credential(name string) string {
	return c.settings.Path("server", "cred", name+".kubeconfig")
}

// apiURL is where programs on this machine reach the API server.
func (c *controlPlane) apiURL() string {
	host := "127.0.0.1"
	if address, err := netip.ParseAddr(c.settings.BindAddress); err == nil && !address.IsUnspecified() {
		host = address.String()
	}
	return "https://" + net.JoinHostPort(host, strconv.Itoa(c.settings.Port))
}

// writeCredentials writes the kubeconfigs of the control plane, and the administrator's at the place and with the mode that were asked for.
func (c *controlPlane) writeCredentials() error {
	for _, name := range []string{"controller", "scheduler", "admin"} {
		config := node.Kubeconfig{Server: c.apiURL(), CAFile: c.pki.Path("server-ca.crt"), Certificate: c.pki.Path("client-" + name)}
		if err := node.WriteKubeconfig(c.credential(name), config); err != nil {
			return err
		}
	}
	return writeAdmin(c.settings, node.Kubeconfig{
		Server: c.apiURL(), CAFile: c.pki.Path("server-ca.crt"), Certificate: c.pki.Path("client-admin"), Embed: true,
	})
}

// serverNames are all names and addresses by which the API server may be called.
func serverNames(s *settings.Settings) pki.ServerNames {
	names := pki.ServerNames{
		DNSNames: []string{"kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc." + s.ClusterDomain, "localhost", s.NodeName},
		Addresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, s.NodeIP.AsSlice(), s.APIServiceIP().AsSlice()},
	}
	for _, extra := range append([]string{s.AdvertiseAddress}, s.TLSSANs...) {
		if address, err := netip.ParseAddr(extra); err == nil {
			names.Addresses = append(names.Addresses, address.AsSlice())
		} else {
			names.DNSNames = append(names.DNSNames, extra)
		}
	}
	names.DNSNames = unique(names.DNSNames, strings.ToLower)
	names.Addresses = unique(names.Addresses, net.IP.String)
	return names
}

func unique[T any](values []T, key func(T) string) []T {
	seen := map[string]bool{}
	var kept []T
	for _, value := range values {
		if !seen[key(value)] {
			seen[key(value)] = true
			kept = append(kept, value)
		}
	}
	return kept
}

// makeRunDirectory makes the private directory for sockets, without what an earlier start left in it.
func makeRunDirectory() error {
	if err := os.RemoveAll(runDirectory); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(runDirectory), 0o711); err != nil {
		return fmt.Errorf("cannot make %s: %w", filepath.Dir(runDirectory), err)
	}
	return files.EnsureDirectory(runDirectory, 0o700)
}
