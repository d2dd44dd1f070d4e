package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/server"
	"k3s-board/emulator/launcher/settings"
)

// join fetches the cluster's authority, checks it against the token, and has this node's certificates signed.
func join(ctx context.Context, s *settings.Settings) (node.Identity, error) {
	base := strings.TrimSuffix(s.ServerURL, "/")
	caHash, secret := server.Secret(s.Token)
	ca, err := fetchAuthority(ctx, base, caHash)
	if err != nil {
		return node.Identity{}, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return node.Identity{}, &refusedError{base + "/cacerts holds no certificate"}
	}
	calls := &caller{base, secret, s, client(&tls.Config{RootCAs: pool})}
	raw, err := calls.do(ctx, http.MethodGet, "/v1-k3s/config", nil)
	if err != nil {
		return node.Identity{}, err
	}
	var config server.JoinConfig
	if err := json.Unmarshal(raw, &config); err != nil {
		return node.Identity{}, err
	}
	for name, content := range map[string][]byte{"server-ca.crt": ca, "client-ca.crt": []byte(config.ClientCA)} {
		if _, err := files.WriteIfChanged(node.AgentFile(s, name), content, 0o644); err != nil {
			return node.Identity{}, err
		}
	}
	for _, name := range []string{"client-kubelet", "client-kube-proxy", "serving-kubelet"} {
		csr, err := pki.NewRequest(node.AgentFile(s, name+".key"))
		if err != nil {
			return node.Identity{}, err
		}
		chain, err := calls.do(ctx, http.MethodPost, "/v1-k3s/"+name+".crt", csr)
		if err != nil {
			return node.Identity{}, err
		}
		if err := files.WriteAtomic(node.AgentFile(s, name+".crt"), chain, 0o644); err != nil {
			return node.Identity{}, err
		}
	}
	return node.Identity{
		ServerURL: base, ClusterDNS: config.ClusterDNS, ClusterDomain: config.ClusterDomain, ClusterCIDR: config.ClusterCIDR,
	}, nil
}

// fetchAuthority reads the cluster's authority over a connection that nothing vouches for yet: the token's hash does. A token without hash
// trusts the network, as it does with k3s.
func fetchAuthority(ctx context.Context, base, caHash string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/cacerts", nil)
	if err != nil {
		return nil, err
	}
	response, err := client(&tls.Config{InsecureSkipVerify: true}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, statusError(response, string(content))
	}
	if caHash == "" {
		journal.Warn("Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation.")
		return content, nil
	}
	sum := sha256.Sum256(content)
	if hex.EncodeToString(sum[:]) != caHash {
		return nil, &refusedError{"token CA hash does not match the Cluster CA certificate hash: " + caHash + " != " + hex.EncodeToString(sum[:])}
	}
	return content, nil
}

// caller sends requests as this node.
type caller struct {
	base, secret string
	settings     *settings.Settings
	http         *http.Client
}

func (c *caller) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth("node", c.secret)
	request.Header.Set("K3s-Node-Name", c.settings.NodeName)
	request.Header.Set("K3s-Node-Ip", c.settings.NodeIP.String())
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, statusError(response, string(content))
	}
	return content, nil
}

func client(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout:   httpTimeout,
		Transport: &http.Transport{TLSClientConfig: config, TLSHandshakeTimeout: minimumTLSHandshake, Proxy: http.ProxyFromEnvironment},
	}
}
