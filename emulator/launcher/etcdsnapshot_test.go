package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k3s-board/emulator/launcher/server"
)

func TestParseSnapshot(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	t.Setenv("K3S_CONFIG_FILE", config)
	t.Setenv("K3S_DATA_DIR", "")
	t.Setenv("K3S_NODE_NAME", "")
	if err := os.WriteFile(config, []byte("data-dir: /data\nnode-name: one\netcd-snapshot-dir: /mnt/s\ncluster-init: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(config+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config+".d", "50-more.yaml"), []byte("node-name: two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args     []string
		expected snapshotOptions
	}{
		{nil, snapshotOptions{"on-demand", "two", server.Snapshots{DataDir: "/data", Directory: "/mnt/s"}}},
		{[]string{"--name", "mine", "--data-dir=/other", "--etcd-server", "https://127.0.0.1:6443"}, snapshotOptions{"mine", "two", server.Snapshots{DataDir: "/other", Directory: "/mnt/s"}}},
		{[]string{"-d", "/other", "--dir", "/a", "--node-name=three"}, snapshotOptions{"on-demand", "three", server.Snapshots{DataDir: "/other", Directory: "/a"}}},
		{[]string{"--etcd-snapshot-dir", "/b", "-etcd-token=x"}, snapshotOptions{"on-demand", "two", server.Snapshots{DataDir: "/data", Directory: "/b"}}},
	} {
		got, err := parseSnapshot(flag.NewFlagSet("save", flag.ContinueOnError), test.args)
		if err != nil || got != test.expected {
			t.Errorf("%v: %+v, %v", test.args, got, err)
		}
	}
	for _, args := range [][]string{{"stray"}, {"--config", "/nowhere/config.yaml"}} {
		if _, err := parseSnapshot(flag.NewFlagSet("save", flag.ContinueOnError), args); err == nil {
			t.Errorf("%v: accepted", args)
		}
	}
}

func TestListSnapshots(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"on-demand-one-1790000000", ".on-demand-one-1790000001.123"} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var shown bytes.Buffer
	if err := listSnapshots(&shown, server.Snapshots{Directory: directory}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(shown.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], "on-demand-one-1790000000 file://"+directory+"/on-demand-one-1790000000 5 ") {
		t.Errorf("%q", lines)
	}
}
