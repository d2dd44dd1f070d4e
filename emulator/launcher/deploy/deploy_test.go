package deploy

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k3s-board/emulator/launcher/cluster"
)

func TestRules(t *testing.T) {
	rules := NewRules([]string{"coredns", "metrics-server"}, []string{"local-storage.yaml.skip", "sub/a.yaml.skip", "rolebindings.yaml.skip"})
	for name, want := range map[string]bool{
		"coredns.yaml": true, "coredns.yml": true, "mine/coredns.yaml": true, "metrics-server/auth-reader.yaml": true,
		"mine/coredns/a.yaml": false, "coredns.old.yaml": false, "custom-coredns.yaml": false, "coredns-custom.yaml": false, "local-storage.yaml": false,
	} {
		if rules.Disabled(name) != want {
			t.Errorf("disabled %s: %t", name, !want)
		}
	}
	for name, want := range map[string]bool{
		"local-storage.yaml": true, "deep/local-storage.yaml": true, "a.yaml": true, "coredns.yaml": false, "b.yaml": false,
	} {
		if rules.Skipped(name) != want {
			t.Errorf("skipped %s: %t", name, !want)
		}
	}
	if NewRules(nil, []string{"metrics-server.yaml.skip"}).Skipped("metrics-server/auth-reader.yaml") {
		t.Error("a skip file does not hit the files of a directory")
	}
}

func TestAddonNameEndsAtTheFirstDot(t *testing.T) {
	for file, want := range map[string]string{"web.yaml": "web", "sub/web.v2.yaml": "web"} {
		if got := addonName(file); got != want {
			t.Errorf("%s: %q", file, got)
		}
	}
}

func TestAddonRemembersKindsAsK3sDoes(t *testing.T) {
	kinds := []kindOf{{"apps", "v1", "Deployment"}, {"", "v1", "Secret"}}
	record := addonRecord{"/web.yaml", "abc", kinds}.addon("web")
	annotations := record["metadata"].(map[string]any)["annotations"].(map[string]any)
	text := annotations["addon.k3s.cattle.io/gvks"].(string)
	if text != "apps/v1, Kind=Deployment;/v1, Kind=Secret" {
		t.Errorf("annotation %q", text)
	}
	if got := parseKinds(text); !reflect.DeepEqual(got, kinds) {
		t.Errorf("read again: %v", got)
	}
	if got := parseKinds(""); got != nil {
		t.Errorf("nothing: %v", got)
	}
}

func TestStageWritesWhatIsNeitherDisabledNorSkipped(t *testing.T) {
	directory := t.TempDir()
	variables := Variables{ClusterDNS: "10.43.0.10", ClusterDomain: "example.test", SystemRegistry: "reg.test:5000/", LocalStoragePath: "/storage"}
	if err := Stage(directory, variables, NewRules([]string{"metrics-server"}, []string{"rolebindings.yaml.skip"})); err != nil {
		t.Fatal(err)
	}
	manifests, _, err := list(directory)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"coredns.yaml", "local-storage.yaml"}; !reflect.DeepEqual(manifests, want) {
		t.Errorf("staged %q", manifests)
	}
	for _, name := range manifests {
		path := filepath.Join(directory, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "%{") {
			t.Errorf("%s still has a place to fill", name)
		}
		if _, err := Parse(content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	content, _ := os.ReadFile(filepath.Join(directory, "coredns.yaml"))
	for _, part := range []string{"kubernetes example.test", "clusterIP: \"10.43.0.10\"", "\"reg.test:5000/rancher/mirrored-coredns-coredns:1.14.6\""} {
		if !strings.Contains(string(content), part) {
			t.Errorf("coredns.yaml lacks %s", part)
		}
	}
}

func TestBundledManifestsParseWithoutARegistry(t *testing.T) {
	directory := t.TempDir()
	if err := Stage(directory, Variables{ClusterDNS: "10.43.0.10", ClusterDomain: "cluster.local"}, NewRules(nil, nil)); err != nil {
		t.Fatal(err)
	}
	manifests, _, _ := list(directory)
	for _, name := range manifests {
		content, _ := os.ReadFile(filepath.Join(directory, name))
		if _, err := Parse(content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse(t *testing.T) {
	objects, err := Parse([]byte(`# a comment
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {version: "1"}}
spec: {replicas: 12345678901}
---
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: one}
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {name: things.example.test}
`))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, object := range objects {
		kinds = append(kinds, object.Kind())
	}
	if want := []string{"Namespace", "CustomResourceDefinition", "Deployment"}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("order %q", kinds)
	}
	spec := objects[2]["spec"].(map[string]any)
	if got := spec["replicas"].(interface{ String() string }).String(); got != "12345678901" {
		t.Errorf("large numbers keep their digits: %s", got)
	}
	for name, text := range map[string]string{"no kind": "apiVersion: v1\nmetadata: {name: a}\n", "no object": "- a\n", "syntax": "a: [\n"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func object(apiVersion, kind, namespace, name string) cluster.Object {
	made := cluster.Object{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}
	if namespace != "" {
		made.SetNamespace(namespace)
	}
	return made
}

func TestObsoleteKeepsWhatTheFileStillHolds(t *testing.T) {
	existing := []cluster.Object{
		object("v1", "ConfigMap", "a", "kept"), object("v1", "ConfigMap", "b", "kept"), object("v1", "ConfigMap", "a", "gone"),
	}
	wanted := []cluster.Object{object("v1", "ConfigMap", "a", "kept"), object("v1", "Secret", "a", "gone")}
	var names []string
	for _, gone := range obsolete(existing, wanted, kindOf{"", "v1", "ConfigMap"}) {
		names = append(names, identity(gone))
	}
	if want := []string{"b/kept", "a/gone"}; !reflect.DeepEqual(names, want) {
		t.Errorf("obsolete: %q", names)
	}
}

func TestOwnMarksObjectsOfOneFileAlike(t *testing.T) {
	one, two, other := object("v1", "ConfigMap", "a", "one"), object("v1", "ConfigMap", "a", "two"), object("v1", "ConfigMap", "a", "other")
	own(one, "file")
	own(two, "file")
	own(other, "another")
	hash := func(o cluster.Object) any {
		return o["metadata"].(map[string]any)["labels"].(map[string]any)[hashLabel]
	}
	if hash(one) != hash(two) || hash(one) == hash(other) {
		t.Error("marks")
	}
}
