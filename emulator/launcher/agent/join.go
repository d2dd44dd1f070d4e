package agent

import (
	"context"
	"encoding/json"
	"net/http"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/joining"
	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/server"
	"k3s-board/emulator/launcher/settings"
)

// join fetches the cluster's authority, checks it against the token, and has this node's certificates signed. What stands before the names of
// k3s's images becomes part of the settings.
func join(ctx context.Context, s *settings.Settings) (node.Identity, error) {
	caHash, secret := server.Secret(s.Token)
	caller, err := joining.Dial(ctx, s.ServerURL, caHash, "node", secret, joining.Node{Name: s.NodeName, Address: s.NodeIP.String()})
	if err != nil {
		return node.Identity{}, err
	}
	raw, err := caller.Do(ctx, http.MethodGet, "/v1-k3s/config", nil)
	if err != nil {
		return node.Identity{}, err
	}
	var config server.JoinConfig
	if err := json.Unmarshal(raw, &config); err != nil {
		return node.Identity{}, err
	}
	s.SystemRegistry = config.SystemRegistry
	for name, content := range map[string][]byte{"server-ca.crt": caller.Authority, "client-ca.crt": []byte(config.ClientCA)} {
		if _, err := files.WriteIfChanged(node.AgentFile(s, name), content, 0o644); err != nil {
			return node.Identity{}, err
		}
	}
	for _, name := range []string{"client-kubelet", "client-kube-proxy", "serving-kubelet"} {
		csr, err := pki.NewRequest(node.AgentFile(s, name+".key"))
		if err != nil {
			return node.Identity{}, err
		}
		chain, err := caller.Do(ctx, http.MethodPost, "/v1-k3s/"+name+".crt", csr)
		if err != nil {
			return node.Identity{}, err
		}
		if err := files.WriteAtomic(node.AgentFile(s, name+".crt"), chain, 0o644); err != nil {
			return node.Identity{}, err
		}
	}
	return node.Identity{
		ServerURL: caller.Base, ClusterDNS: config.ClusterDNS, ClusterDomain: config.ClusterDomain, ClusterCIDR: config.ClusterCIDR,
	}, nil
}
