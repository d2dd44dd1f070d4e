package pki

import (
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// peerAuthority signs the certificates by which members of etcd know each other.
	peerAuthority = "etcd/peer-ca"
	// PeerCertificate is a member's own, for both sides of a connection.
	PeerCertificate = "etcd/peer-server-client"
)

// Cluster holds the three authorities of a server, at k3s's own paths below server/tls.
type Cluster struct {
	Directory     string
	Server        *Authority
	Client        *Authority
	RequestHeader *Authority
}

// ServerNames are the names and addresses that the API server answers to.
type ServerNames struct {
	DNSNames  []string
	Addresses []net.IP
}

// EnsureCluster makes or renews everything that a server's control plane needs.
func EnsureCluster(directory string, names ServerNames, now time.Time) (*Cluster, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	cluster := &Cluster{Directory: directory}
	for _, wanted := range []struct {
		authority **Authority
		name      string
	}{
		{&cluster.Server, "server-ca"}, {&cluster.Client, "client-ca"}, {&cluster.RequestHeader, "request-header-ca"},
	} {
		authority, err := LoadOrCreateAuthority(cluster.Path(wanted.name), "k3s-"+wanted.name, now)
		if err != nil {
			return nil, err
		}
		*wanted.authority = authority
	}
	if _, err := EnsureKey(cluster.Path("service.key")); err != nil {
		return nil, err
	}
	masters := []string{"system:masters"}
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	for _, wanted := range []struct {
		authority *Authority
		file      string
		request   Request
	}{
		{cluster.Server, "serving-kube-apiserver", Request{Name: "kube-apiserver", DNSNames: names.DNSNames, Addresses: names.Addresses}},
		{cluster.Server, "kube-controller-manager", Request{Name: "kube-controller-manager", DNSNames: []string{"localhost"}, Addresses: loopback}},
		{cluster.Server, "kube-scheduler", Request{Name: "kube-scheduler", DNSNames: []string{"localhost"}, Addresses: loopback}},
		{cluster.Client, "client-admin", Request{Name: "system:admin", Groups: masters, Client: true}},
		// The controllers run under one identity (see the arguments of the controller manager), which needs all rights.
		{cluster.Client, "client-controller", Request{Name: "system:kube-controller-manager", Groups: masters, Client: true}},
		{cluster.Client, "client-scheduler", Request{Name: "system:kube-scheduler", Client: true}},
		{cluster.Client, "client-supervisor", Request{Name: "system:k3s-supervisor", Groups: masters, Client: true}},
		// The API server calls kubelets as a master, as k3s's does: logs and exec need no further binding.
		{cluster.Client, "client-kube-apiserver", Request{Name: "system:apiserver", Groups: masters, Client: true}},
		{cluster.RequestHeader, "client-auth-proxy", Request{Name: "system:auth-proxy", Client: true}},
	} {
		if err := wanted.authority.Ensure(cluster.Path(wanted.file), wanted.request, now); err != nil {
			return nil, err
		}
	}
	return cluster, nil
}

// EnsurePeer makes or renews what a member of etcd needs to speak with others.
func (c *Cluster) EnsurePeer(node string, address net.IP, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(c.Path(peerAuthority)), 0o700); err != nil {
		return err
	}
	authority, err := LoadOrCreateAuthority(c.Path(peerAuthority), "etcd-peer-ca", now)
	if err != nil {
		return err
	}
	return authority.Ensure(c.Path(PeerCertificate), Request{
		Name: "etcd-peer", DNSNames: []string{node, "localhost"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1), address}, Client: true,
	}, now)
}

// PeerAuthority is the path of the certificate that a member checks the others against.
func (c *Cluster) PeerAuthority() string { return c.Path(peerAuthority + ".crt") }

// Path is a file in the cluster's directory.
func (c *Cluster) Path(name string) string { return filepath.Join(c.Directory, name) }

// KubeletClient is the request for a node's own client certificate.
func KubeletClient(node string) Request {
	return Request{Name: "system:node:" + node, Groups: []string{"system:nodes"}, Client: true}
}

// KubeletServing is the request for the certificate that a node's kubelet answers with.
func KubeletServing(node string, address net.IP) Request {
	return Request{Name: node, DNSNames: []string{node, "localhost"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1), address}}
}

// ProxyClient is the request for kube-proxy's client certificate.
func ProxyClient() Request { return Request{Name: "system:kube-proxy", Client: true} }
