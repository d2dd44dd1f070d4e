package server

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k3s-board/emulator/launcher/node"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/settings"
)

// supervisorOf serves what further servers ask of a first one.
func supervisorOf(t *testing.T, clustered bool) (*preparation, *httptest.Server) {
	t.Helper()
	s := testSettings(t)
	s.ClusterCIDR, s.ServiceCIDR = netip.MustParsePrefix("10.42.0.0/16"), netip.MustParsePrefix("10.43.0.0/16")
	authorities, err := pki.EnsureCluster(s.Path("server", "tls"), serverNames(s), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := authorities.EnsurePeer(s.NodeName, s.NodeIP.AsSlice(), time.Now()); err != nil {
		t.Fatal(err)
	}
	p := &preparation{settings: s, plane: &controlPlane{s, authorities, ""}}
	tokens, err := EnsureTokens(t.Context(), s, authorities.Server.Hash())
	if err != nil {
		t.Fatal(err)
	}
	tokens.Agent = "for-agents"
	p.tokens.set(tokens)
	if clustered {
		p.membership = membership{Name: "board-1", PeerURL: "https://10.0.2.15:2380"}
	}
	pair, err := tls.LoadX509KeyPair(authorities.Path("serving-kube-apiserver.crt"), authorities.Path("serving-kube-apiserver.key"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(p.supervisor())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return p, server
}

func request(t *testing.T, server *httptest.Server, method, path, secret, body string) (int, string) {
	t.Helper()
	asked, _ := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	asked.SetBasicAuth("server", secret)
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := insecure.Do(asked)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestBootstrapIsForServersOnly(t *testing.T) {
	p, server := supervisorOf(t, true)
	secret := p.tokens.get().Server
	for _, test := range []struct {
		secret string
		status int
	}{{"", 401}, {"wrong", 401}, {"for-agents", 403}, {secret, 200}} {
		if status, body := request(t, server, "GET", bootstrapPath, test.secret, ""); status != test.status {
			t.Errorf("%q: %d %s", test.secret, status, body)
		}
	}
	single, served := supervisorOf(t, false)
	if status, body := request(t, served, "GET", bootstrapPath, single.tokens.get().Server, ""); status != 409 || !strings.Contains(body, "--cluster-init") {
		t.Errorf("a server whose etcd is alone: %d %s", status, body)
	}
}

func TestFurtherServerIsOfTheSameCluster(t *testing.T) {
	p, server := supervisorOf(t, true)
	_, body := request(t, server, "GET", bootstrapPath, p.tokens.get().Server, "")
	var contents map[string]string
	if err := json.Unmarshal([]byte(body), &contents); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "tls")
	if err := pki.WriteBootstrap(directory, contents); err != nil {
		t.Fatal(err)
	}
	joined, err := pki.EnsureCluster(directory, serverNames(p.settings), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if joined.Server.Hash() != p.plane.pki.Server.Hash() {
		t.Error("another authority")
	}
	if info, _ := os.Stat(filepath.Join(directory, "server-ca.key")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if err := pki.WriteBootstrap(directory, contents); err != nil {
		t.Error("the same once more:", err)
	}
	key := contents["service.key"]
	contents["service.key"] = "another"
	if err := pki.WriteBootstrap(directory, contents); err == nil {
		t.Error("another cluster's key is taken")
	}
	contents["service.key"] = key
	delete(contents, "client-ca.key")
	if err := pki.WriteBootstrap(directory, contents); err == nil || !strings.Contains(err.Error(), "client-ca.key") {
		t.Error(err)
	}
}

func TestMembership(t *testing.T) {
	s := testSettings(t)
	alone, err := resolveMembership(t.Context(), s)
	if err != nil || alone.clustered() || alone.Name != "default" {
		t.Fatal(alone, err)
	}
	s.ClusterInit = true
	m, err := resolveMembership(t.Context(), s)
	if err != nil || !strings.HasPrefix(m.Name, "board-") || m.InitialCluster != m.Name+"=https://10.0.2.15:2380" || m.Joins {
		t.Fatal(m, err)
	}
	config, err := os.ReadFile(etcdDirectory(s, "config"))
	if err != nil || !strings.Contains(string(config), "initial-cluster: "+m.Name+"=") {
		t.Error(string(config), err)
	}
	// once a member, always one
	s.ClusterInit = false
	if again, err := resolveMembership(t.Context(), s); err != nil || again.Name != m.Name || !again.clustered() {
		t.Error(again, err)
	}
}

func TestEtcdFlags(t *testing.T) {
	s := testSettings(t)
	plane := &controlPlane{s, &pki.Cluster{Directory: s.Path("server", "tls")}, "/bin"}
	flags := func(m membership) string { return strings.Join(plane.etcd(m).Args, " ") }
	alone := flags(membership{Name: "default"})
	for _, wanted := range []string{"--listen-peer-urls=unix://peer:1", "--initial-cluster=default=unix://peer:1", "--enable-grpc-gateway=false"} {
		if !strings.Contains(alone, wanted) {
			t.Errorf("%s: %s", wanted, alone)
		}
	}
	member := flags(membership{Name: "two", PeerURL: "https://192.0.2.2:2380", InitialCluster: "one=x,two=y", Joins: true})
	for _, wanted := range []string{
		"--listen-peer-urls=https://192.0.2.2:2380", "--initial-cluster=one=x,two=y", "--initial-cluster-state=existing", "--peer-client-cert-auth=true",
		"--peer-key-file=" + s.Path("server", "tls", "etcd", "peer-server-client.key"), "--enable-grpc-gateway=true",
	} {
		if !strings.Contains(member, wanted) {
			t.Errorf("%s: %s", wanted, member)
		}
	}
	if electing(membership{})["leader-elect"] != "false" || electing(membership{PeerURL: "x"})["leader-elect"] != "true" {
		t.Error("leader election")
	}
}

func TestLeftBehind(t *testing.T) {
	nodes := []node.Info{{}, {}}
	nodes[0].Metadata.Name, nodes[1].Metadata.Name = "one", "agent"
	left := leftBehind(nodes, map[string]string{"one": "one-1", "two": "two-2"})
	if len(left) != 1 || left["two"] != "two-2" {
		t.Error(left)
	}
}

func TestRotation(t *testing.T) {
	p, server := supervisorOf(t, false)
	before := p.tokens.get()
	put := func(secret, body string) (int, string) { return request(t, server, "PUT", tokenPath, secret, body) }
	if status, _ := put("for-agents", `{"newToken":"new"}`); status != 403 {
		t.Errorf("an agent rotates: %d", status)
	}
	if status, body := put(before.Server, `{"newToken":"new-token-1"}`); status != 200 || strings.Contains(body, "new-token-1") {
		t.Fatal(status, body)
	}
	s := p.settings
	content, err := os.ReadFile(s.Path("server", "token"))
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(content)), "::server:new-token-1") {
		t.Error(string(content), err)
	}
	if status, _ := put(before.Server, `{"newToken":"x"}`); status != 401 {
		t.Errorf("the old token is still good: %d", status)
	}
	// the next start takes the new one, and no other
	hash := p.plane.pki.Server.Hash()
	s.Token = "new-token-1"
	if tokens, err := EnsureTokens(t.Context(), s, hash); err != nil || tokens.Server != "new-token-1" || tokens.Agent != "new-token-1" {
		t.Error(tokens, err)
	}
	s.Token = before.Server
	if _, err := EnsureTokens(t.Context(), s, hash); err == nil {
		t.Error("the old token starts the server")
	}
	if _, err := rotate(s, hash, before, "K10"+caHash+"::server:new"); err == nil {
		t.Error("a token of another cluster is taken")
	}
	if tokens, err := rotate(s, hash, before, ""); err != nil || len(tokens.Server) != 32 {
		t.Error(tokens, err)
	}
}

func TestFurtherServerFollowsARotation(t *testing.T) {
	first, server := supervisorOf(t, true)
	hash := first.plane.pki.Server.Hash()
	s := &settings.Settings{DataDir: t.TempDir(), NodeName: "two", NodeIP: netip.MustParseAddr("10.0.2.16"), ServerURL: server.URL}
	if err := os.MkdirAll(s.Path("server"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.Token = full(hash, "server", first.tokens.get().Server)
	if err := fetchBootstrap(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureTokens(t.Context(), s, hash); err != nil {
		t.Fatal(err)
	}
	s.Token = full(hash, "server", "wrong")
	if _, err := EnsureTokens(t.Context(), s, hash); err == nil {
		t.Error("a token that the first server does not take")
	}
	first.tokens.set(Tokens{Server: "rotated", Agent: "rotated"})
	s.Token = full(hash, "server", "rotated")
	if tokens, err := EnsureTokens(t.Context(), s, hash); err != nil || tokens.Server != "rotated" {
		t.Error(tokens, err)
	}
}
