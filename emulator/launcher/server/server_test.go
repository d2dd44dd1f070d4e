package server

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/settings"
)

const caHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestSecret(t *testing.T) {
	for token, want := range map[string][2]string{
		"plain":                             {"", "plain"},
		"K10" + caHash + "::server:secret":  {caHash, "secret"},
		"K10" + caHash + "::node:with:more": {caHash, "with:more"},
		"K10short::server:secret":           {"", "K10short::server:secret"},
	} {
		if hash, secret := Secret(token); hash != want[0] || secret != want[1] {
			t.Errorf("%s: %s %s", token, hash, secret)
		}
	}
}

func testSettings(t *testing.T) *settings.Settings {
	t.Helper()
	s := &settings.Settings{DataDir: t.TempDir(), NodeName: "board", NodeIP: netip.MustParseAddr("10.0.2.15"), BindAddress: "0.0.0.0", Port: 6443}
	if err := os.MkdirAll(s.Path("server"), 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokensPersistAndMayNotChange(t *testing.T) {
	s := testSettings(t)
	made, err := EnsureTokens(t.Context(), s, caHash)
	if err != nil || len(made.Server) != 32 {
		t.Fatal(made, err)
	}
	content, err := os.ReadFile(s.Path("server", "node-token"))
	if err != nil || strings.TrimSpace(string(content)) != "K10"+caHash+"::server:"+made.Server {
		t.Errorf("node-token: %s %v", content, err)
	}
	if info, _ := os.Stat(s.Path("server", "node-token")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if again, err := EnsureTokens(t.Context(), s, caHash); err != nil || again != made {
		t.Error("the token changed at the second start", err)
	}
	s.Token = strings.TrimSpace(string(content))
	if again, err := EnsureTokens(t.Context(), s, caHash); err != nil || again != made {
		t.Error("the token in its full form is another one", err)
	}
	s.Token = "another"
	if _, err := EnsureTokens(t.Context(), s, caHash); err == nil || strings.Contains(err.Error(), "another") {
		t.Error("a changed token is refused without showing it:", err)
	}
	s.Token, s.AgentToken = "", "for-agents"
	if tokens, err := EnsureTokens(t.Context(), s, caHash); err != nil || tokens.Agent != "for-agents" || tokens.Server != made.Server {
		t.Error(tokens, err)
	}
	// as after a power cut behind the first start: the datastore is there, and the token that it is encrypted with is not
	s.AgentToken = ""
	if err := errors.Join(os.MkdirAll(etcdDirectory(s, "member"), 0o700), os.WriteFile(s.Path("server", "token"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if tokens, err := EnsureTokens(t.Context(), s, caHash); err == nil || !strings.Contains(err.Error(), "encrypted with different token") {
		t.Error(tokens, err)
	}
	s.Token = made.Server
	if tokens, err := EnsureTokens(t.Context(), s, caHash); err != nil || tokens.Server != made.Server {
		t.Error("a token of the configuration is as good as one that is kept:", tokens, err)
	}
}

func TestSupervisor(t *testing.T) {
	s := testSettings(t)
	s.ClusterCIDR, s.ServiceCIDR = netip.MustParsePrefix("10.42.0.0/16"), netip.MustParsePrefix("10.43.0.0/16")
	s.SystemRegistry = "r.test"
	authorities, err := pki.EnsureCluster(s.Path("server", "tls"), serverNames(s), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := &preparation{settings: s, plane: &controlPlane{s, authorities, ""}}
	p.tokens.set(Tokens{Server: "one", Agent: "two"})
	server := httptest.NewServer(p.supervisor())
	defer server.Close()
	csr, err := pki.NewRequest(s.Path("node.key"))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, secret, node string) (int, string) {
		request, _ := http.NewRequest(method, server.URL+path, strings.NewReader(string(csr)))
		if secret != "" {
			request.SetBasicAuth("node", secret)
		}
		request.Header.Set("K3s-Node-Name", node)
		request.Header.Set("K3s-Node-Ip", "10.0.2.16")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	for _, test := range []struct {
		method, path, secret, node string
		status                     int
	}{
		{"GET", "/ping", "", "", 200}, {"GET", "/cacerts", "", "", 200},
		{"GET", "/v1-k3s/config", "", "", 401}, {"GET", "/v1-k3s/config", "wrong", "", 401}, {"GET", "/v1-k3s/config", "two", "", 200},
		{"POST", "/v1-k3s/client-kubelet.crt", "one", "second", 200}, {"POST", "/v1-k3s/serving-kubelet.crt", "two", "second", 200},
		{"POST", "/v1-k3s/client-kubelet.crt", "one", "", 400}, {"POST", "/v1-k3s/client-kubelet.crt", "one", "board", 403},
		{"POST", "/v1-k3s/client-kubelet.crt", "", "second", 401},
	} {
		status, body := ask(test.method, test.path, test.secret, test.node)
		if status != test.status {
			t.Errorf("%+v: %d %s", test, status, body)
		}
		if status == 401 && strings.Contains(body, "one") {
			t.Error("the answer shows a secret")
		}
	}
	if _, body := ask("GET", "/v1-k3s/config", "two", ""); !strings.Contains(body, `"systemDefaultRegistry":"r.test"`) {
		t.Errorf("agents are not told the registry of k3s's images: %s", body)
	}
}

func TestServerNames(t *testing.T) {
	s := testSettings(t)
	s.ServiceCIDR, s.ClusterDomain = netip.MustParsePrefix("10.43.0.0/16"), "cluster.local"
	s.AdvertiseAddress, s.TLSSANs = "10.0.2.15", []string{"board.test", "192.0.2.1", "BOARD.test"}
	names := serverNames(s)
	if got := strings.Join(names.DNSNames, " "); got != "kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local localhost board board.test" {
		t.Errorf("names %s", got)
	}
	if len(names.Addresses) != 5 {
		t.Errorf("addresses %v", names.Addresses)
	}
}
