package pki

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRotateLeavesTheAuthorities(t *testing.T) {
	data, now := t.TempDir(), time.Now()
	names := ServerNames{DNSNames: []string{"board"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	start := func() *Cluster {
		t.Helper()
		cluster, err := EnsureCluster(filepath.Join(data, "server", "tls"), names, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := cluster.EnsurePeer("board", net.IPv4(192, 0, 2, 7), now); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Client.Ensure(filepath.Join(data, "agent", "client-kubelet"), KubeletClient("board"), now); err != nil {
			t.Fatal(err)
		}
		return cluster
	}
	cluster := start()
	kept := map[string][]byte{}
	for _, path := range bootstrapFiles() {
		content, err := os.ReadFile(cluster.Path(path))
		if err != nil {
			t.Fatal(err)
		}
		kept[path] = content
	}
	admin := parsed(t, cluster.Path("client-admin.crt"))
	kubelet := filepath.Join(data, "agent", "client-kubelet.crt")
	before := parsed(t, kubelet)

	backup, err := Rotate(data, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{cluster.Path("client-admin.key"), cluster.Path(PeerCertificate + ".crt"), kubelet} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	if saved := parsed(t, filepath.Join(backup, "client-admin.crt")); !saved.Equal(admin) {
		t.Error("what is saved is another certificate")
	}
	cluster = start()
	if parsed(t, cluster.Path("client-admin.crt")).Equal(admin) || parsed(t, kubelet).Equal(before) {
		t.Error("the next start has the certificates of before")
	}
	for path, content := range kept {
		if now, err := os.ReadFile(cluster.Path(path)); err != nil || string(now) != string(content) {
			t.Errorf("%s is another one: %v", path, err)
		}
	}
}

func TestRotateNeedsCertificates(t *testing.T) {
	if _, err := Rotate(t.TempDir(), time.Now()); err == nil {
		t.Error("there was nothing to rotate")
	}
}
