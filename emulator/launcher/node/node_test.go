package node

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k3s-board/emulator/launcher/settings"
)

func TestArguments(t *testing.T) {
	got := Arguments(map[string]string{"b": "2", "a": "1", "c": "3"}, []string{"b=x", "--feature-gates=A=true", "feature-gates=B=false", "bare"})
	want := []string{"--a=1", "--c=3", "--b=x", "--feature-gates=A=true", "--feature-gates=B=false", "--bare"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestUsableNameserver(t *testing.T) {
	for content, want := range map[string]bool{
		"nameserver 10.0.2.3\n": true, "search a\nnameserver 8.8.8.8 # x\n": true,
		"nameserver 127.0.0.53\n": false, "nameserver 10.0.2.3\nnameserver ::1\n": false, "": false, "nameserver x\n": false,
	} {
		if usableNameserver(content) != want {
			t.Errorf("%q: %t", content, !want)
		}
	}
}

func TestContainerdConfig(t *testing.T) {
	s := &settings.Settings{DataDir: "/data", PauseImage: "rancher/mirrored-pause:3.10.2", Snapshotter: "overlayfs", SystemRegistry: "r.test"}
	text := containerdConfig(s, true)
	for _, part := range []string{
		"sandbox = \"r.test/rancher/mirrored-pause:3.10.2\"", "SystemdCgroup = true", "root = \"/data/agent/containerd\"",
		"config_path = \"/data/agent/etc/containerd/certs.d\"", "address = \"/run/k3s/containerd/containerd.sock\"",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("lacks %s", part)
		}
	}
}

func TestWriteNetwork(t *testing.T) {
	s := &settings.Settings{DataDir: t.TempDir()}
	if err := WriteNetwork(s, netip.MustParsePrefix("10.42.3.0/24")); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(s.DataDir, "agent/etc/cni/net.d/10-bridge.conflist"))
	if err != nil || !strings.Contains(string(content), `"subnet": "10.42.3.0/24"`) {
		t.Errorf("%s %v", content, err)
	}
}

func TestHosts(t *testing.T) {
	node := func(name, address string) Info {
		var info Info
		info.Metadata.Name = name
		info.Status.Addresses = append(info.Status.Addresses, struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		}{"Hostname", name}, struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		}{"InternalIP", address})
		return info
	}
	if got := Hosts([]Info{node("b", "10.0.0.2"), node("a", "10.0.0.9"), node("c", "")}); got != "10.0.0.9 a\n10.0.0.2 b\n" {
		t.Errorf("got %q", got)
	}
}

func TestTaints(t *testing.T) {
	got := taints([]string{"a=b:NoSchedule", "c:NoExecute"})
	want := []any{
		map[string]any{"key": "a", "value": "b", "effect": "NoSchedule"}, map[string]any{"key": "c", "value": "", "effect": "NoExecute"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestImportedNames(t *testing.T) {
	output := "unpacking docker.io/rancher/mirrored-pause:3.10.2 (sha256:aa)...done\nunpacking docker.io/library/b:1 (sha256:bb)...done\n"
	if got := importedNames(output); !reflect.DeepEqual(got, []string{"docker.io/rancher/mirrored-pause:3.10.2", "docker.io/library/b:1"}) {
		t.Errorf("got %q", got)
	}
	for name, want := range map[string]bool{"a.tar": true, "a.tar.zst": true, "a.tgz": true, "a.txt": false, ".a.tar": false, "a.tar.part": false} {
		if isArchive(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}
