package pki

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func parsed(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestEnsureClusterKeepsWhatIsThere(t *testing.T) {
	directory, now := t.TempDir(), time.Now()
	names := ServerNames{DNSNames: []string{"localhost", "board"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 43, 0, 1)}}
	cluster, err := EnsureCluster(directory, names, now)
	if err != nil {
		t.Fatal(err)
	}
	serving, authority := parsed(t, cluster.Path("serving-kube-apiserver.crt")), parsed(t, cluster.Path("server-ca.crt"))
	if err := serving.CheckSignatureFrom(authority); err != nil {
		t.Fatal(err)
	}
	if err := serving.VerifyHostname("10.43.0.1"); err != nil {
		t.Error(err)
	}
	if left := authority.NotAfter.Sub(now); left < 9*365*24*time.Hour {
		t.Errorf("the authority lives %s", left)
	}
	admin := parsed(t, cluster.Path("client-admin.crt"))
	if admin.Subject.Organization[0] != "system:masters" || admin.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Error("administrator's certificate")
	}
	for _, key := range []string{"server-ca.key", "client-admin.key", "service.key"} {
		if info, err := os.Stat(cluster.Path(key)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", key, info, err)
		}
	}
	again, err := EnsureCluster(directory, names, now)
	if err != nil {
		t.Fatal(err)
	}
	if again.Server.Hash() != cluster.Server.Hash() || !parsed(t, cluster.Path("serving-kube-apiserver.crt")).Equal(serving) {
		t.Error("a second start makes new certificates")
	}
	names.DNSNames = append(names.DNSNames, "board.example.test")
	if _, err := EnsureCluster(directory, names, now); err != nil {
		t.Fatal(err)
	}
	if err := parsed(t, cluster.Path("serving-kube-apiserver.crt")).VerifyHostname("board.example.test"); err != nil {
		t.Error("a new name is not in the certificate")
	}
	if !parsed(t, cluster.Path("client-admin.crt")).Equal(admin) {
		t.Error("a new name changed a certificate that has none")
	}
	if _, err := EnsureCluster(directory, names, now.Add(300*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if parsed(t, cluster.Path("client-admin.crt")).Equal(admin) {
		t.Error("a certificate near its end is not replaced")
	}
}

func TestSignRequestTakesNamesFromTheServer(t *testing.T) {
	directory, now := t.TempDir(), time.Now()
	authority, err := LoadOrCreateAuthority(filepath.Join(directory, "ca"), "test", now)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := NewRequest(filepath.Join(directory, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := authority.SignRequest(csr, KubeletClient("second"), now)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(chain)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if certificate.Subject.CommonName != "system:node:second" || certificate.Subject.Organization[0] != "system:nodes" {
		t.Errorf("subject %s", certificate.Subject)
	}
	if _, err := authority.SignRequest([]byte("no request"), KubeletClient("x"), now); err == nil {
		t.Error("nonsense is signed")
	}
}
