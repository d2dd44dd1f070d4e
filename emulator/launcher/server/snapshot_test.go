package server

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k3s-board/emulator/launcher/etcd"
)

// etcdWith is an etcd whose gateway answers everything with a text.
func etcdWith(t *testing.T, answer string) *etcd.Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "etcd.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(writer, answer) })}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return etcd.New(socket)
}

func TestSnapshots(t *testing.T) {
	sum := sha256.Sum256([]byte("database"))
	encoded := base64.StdEncoding.EncodeToString(append([]byte("database"), sum[:]...))
	client := etcdWith(t, fmt.Sprintf(`{"result":{"blob":%q}}`, encoded))
	data := t.TempDir()
	snapshots := Snapshots{DataDir: data}
	now := time.Unix(1_790_000_000, 0)
	if _, err := snapshots.Save(t.Context(), client, "on-demand", "one", now); err == nil || !strings.Contains(err.Error(), "--cluster-init") {
		t.Errorf("an etcd that is alone: %v", err)
	}
	member := filepath.Join(data, "server", "db", "etcd")
	if err := os.MkdirAll(member, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(member, "name"), []byte("one-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := snapshots.List(); err != nil || len(found) != 0 {
		t.Error(found, err)
	}
	path, err := snapshots.Save(t.Context(), client, "k3s-board-v1.35.4", "one", now)
	if err != nil || path != filepath.Join(data, "server/db/snapshots/k3s-board-v1.35.4-one-1790000000") {
		t.Fatal(path, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 || info.Size() != int64(len("database")+sha256.Size) {
		t.Error(info, err)
	}
	found, err := snapshots.List()
	if err != nil || len(found) != 1 || found[0].Name != filepath.Base(path) || found[0].Location != "file://"+path {
		t.Error(found, err)
	}
	for name, test := range map[string]struct {
		snapshots Snapshots
		answer    string
		name      string
		err       string
	}{
		"a directory that is not there": {Snapshots{data, filepath.Join(data, "none")}, "", "n", "--etcd-snapshot-dir"},
		"a name that is a path":         {snapshots, "", "../n", "--name"},
		"an etcd that breaks off":       {snapshots, `{"result":{"blob":"AAAA"}}`, "n", "is not whole"},
	} {
		if _, err := test.snapshots.Save(t.Context(), etcdWith(t, test.answer), test.name, "one", now); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("what fails leaves nothing: %v %v", left, err)
	}
}
