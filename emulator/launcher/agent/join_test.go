package agent

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"testing"

	"k3s-board/emulator/launcher/settings"
)

func TestJoinTakesFromTheServerWhatTheClusterIs(t *testing.T) {
	mux := http.NewServeMux()
	answer := func(pattern, body string) {
		mux.HandleFunc(pattern, func(writer http.ResponseWriter, _ *http.Request) { _, _ = writer.Write([]byte(body)) })
	}
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	answer("GET /cacerts", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	answer("GET /v1-k3s/config", `{"clusterDNS":"10.43.0.10","clusterDomain":"example.test","clusterCIDR":"10.42.0.0/16","systemDefaultRegistry":"r.test"}`)
	answer("POST /v1-k3s/", "signed")

	s := &settings.Settings{DataDir: t.TempDir(), ServerURL: server.URL, Token: "secret", NodeName: "second", NodeIP: netip.MustParseAddr("10.0.2.16")}
	if err := os.MkdirAll(s.Path("agent"), 0o700); err != nil {
		t.Fatal(err)
	}
	identity, err := join(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if identity.ClusterDomain != "example.test" || s.SystemImage("a:1") != "r.test/a:1" {
		t.Errorf("%+v, images as %s", identity, s.SystemImage("a:1"))
	}
}
