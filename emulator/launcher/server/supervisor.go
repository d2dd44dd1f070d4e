package server

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/pki"
)

// requestLimit bounds what a joining node may send.
const requestLimit = 64 << 10

// JoinConfig is what an agent needs to know of the cluster.
type JoinConfig struct {
	ClusterDNS    netip.Addr   `json:"clusterDNS"`
	ClusterDomain string       `json:"clusterDomain"`
	ClusterCIDR   netip.Prefix `json:"clusterCIDR"`
	ClientCA      string       `json:"clientCA"`
	// SystemRegistry stands before the names of k3s's own images: an agent has no flag for it.
	SystemRegistry string `json:"systemDefaultRegistry"`
}

// supervisor serves joining nodes. The API server passes these paths on from its own port; who asks proves itself by token.
func (p *preparation) supervisor() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(writer http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(writer, "pong") })
	mux.HandleFunc("GET /cacerts", func(writer http.ResponseWriter, _ *http.Request) { _, _ = writer.Write(p.plane.pki.Server.PEM) })
	mux.HandleFunc("GET /v1-k3s/config", p.authenticated(func(writer http.ResponseWriter, _ *http.Request) {
		s := p.settings
		_ = json.NewEncoder(writer).Encode(JoinConfig{s.ClusterDNS, s.ClusterDomain, s.ClusterCIDR, string(p.plane.pki.Client.PEM), s.SystemRegistry})
	}))
	authorities := p.plane.pki
	for path, made := range map[string]struct {
		authority *pki.Authority
		request   func(name string, address net.IP) pki.Request
	}{
		"client-kubelet":    {authorities.Client, func(name string, _ net.IP) pki.Request { return pki.KubeletClient(name) }},
		"client-kube-proxy": {authorities.Client, func(string, net.IP) pki.Request { return pki.ProxyClient() }},
		"serving-kubelet":   {authorities.Server, pki.KubeletServing},
	} {
		mux.HandleFunc("POST /v1-k3s/"+path+".crt", p.authenticated(func(writer http.ResponseWriter, request *http.Request) {
			p.sign(writer, request, made.authority, made.request)
		}))
	}
	p.serveMembers(mux)
	p.serveToken(mux)
	return mux
}

// authenticated lets requests through that carry the secret of a token, by HTTP basic authentication as k3s's agents send it.
func (p *preparation) authenticated(next http.HandlerFunc) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		tokens := p.tokens.get()
		if _, secret, _ := request.BasicAuth(); !tokens.isKnown(secret) {
			http.Error(writer, "not authorized", http.StatusUnauthorized)
			return
		}
		next(writer, request)
	}
}

// sign issues a certificate for the node that the headers name. The server's own name is refused: a token must not take its place.
func (p *preparation) sign(writer http.ResponseWriter, request *http.Request, authority *pki.Authority, describe func(string, net.IP) pki.Request) {
	name := request.Header.Get("K3s-Node-Name")
	address := net.ParseIP(request.Header.Get("K3s-Node-Ip"))
	if name == "" || address == nil {
		http.Error(writer, "the headers K3s-Node-Name and K3s-Node-Ip are needed", http.StatusBadRequest)
		return
	}
	if name == p.settings.NodeName {
		http.Error(writer, "node name "+name+" is the server's own: set --node-name", http.StatusForbidden)
		return
	}
	csr, err := io.ReadAll(io.LimitReader(request.Body, requestLimit))
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	chain, err := authority.SignRequest(csr, describe(name, address), time.Now())
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	journal.Info("Certificate for node %s (%s) issued: %s", name, address, request.URL.Path)
	_, _ = writer.Write(chain)
}
