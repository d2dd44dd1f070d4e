package deploy

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"k3s-board/emulator/launcher/cluster"
	"sigs.k8s.io/yaml"
)

const (
	addonAPI  = "k3s.cattle.io/v1"
	addonKind = "Addon"
	addonHome = "kube-system"
	hashLabel = "objectset.rio.cattle.io/hash"
)

// Parse reads the objects of a file with one or more YAML or JSON documents. Lists are taken apart. Kinds that others need come first.
func Parse(content []byte) ([]cluster.Object, error) {
	var objects []cluster.Object
	for number, document := range split(content) {
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		raw, err := yaml.YAMLToJSON(document)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", number+1, err)
		}
		if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		object := cluster.Object{}
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("document %d: not an object: %w", number+1, err)
		}
		if items, ok := object["items"].([]any); ok && strings.HasSuffix(object.Kind(), "List") {
			for _, item := range items {
				if entry, ok := item.(map[string]any); ok {
					objects = append(objects, entry)
				}
			}
			continue
		}
		objects = append(objects, object)
	}
	for number, object := range objects {
		if object.APIVersion() == "" || object.Kind() == "" || object.Name() == "" {
			return nil, fmt.Errorf("object %d: apiVersion, kind and metadata.name are needed", number+1)
		}
	}
	sort.SliceStable(objects, func(i, j int) bool { return rank(objects[i]) < rank(objects[j]) })
	return objects, nil
}

// split cuts a file at the lines that begin a document.
func split(content []byte) [][]byte {
	var documents [][]byte
	var current []byte
	for _, line := range bytes.SplitAfter(content, []byte("\n")) {
		trimmed := bytes.TrimRight(line, "\r\n \t")
		if bytes.Equal(trimmed, []byte("---")) || bytes.HasPrefix(line, []byte("--- ")) {
			documents = append(documents, current)
			current = nil
			continue
		}
		current = append(current, line...)
	}
	return append(documents, current)
}

// rank puts definitions and namespaces before what lives in them.
func rank(object cluster.Object) int {
	switch object.Kind() {
	case "Namespace":
		return 0
	case "CustomResourceDefinition":
		return 1
	case "ServiceAccount", "ConfigMap", "Secret", "PriorityClass":
		return 2
	default:
		return 3
	}
}

// ownerHash marks all objects of one file. It depends on the file's record only, so that objects of an earlier start are found again.
func ownerHash(addon string) string {
	sum := sha1.Sum([]byte(addonAPI + ", Kind=" + addonKind + " " + addonHome + "/" + addon))
	return hex.EncodeToString(sum[:])
}

// own marks an object as belonging to a file's record.
func own(object cluster.Object, addon string) {
	object.Mark("labels", hashLabel, ownerHash(addon))
	object.Mark("annotations", "objectset.rio.cattle.io/id", "")
	object.Mark("annotations", "objectset.rio.cattle.io/owner-gvk", addonAPI+", Kind="+addonKind)
	object.Mark("annotations", "objectset.rio.cattle.io/owner-name", addon)
	object.Mark("annotations", "objectset.rio.cattle.io/owner-namespace", addonHome)
}

// kindOf names a kind of objects.
type kindOf struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

func kindOfObject(object cluster.Object) kindOf {
	group, version, found := strings.Cut(object.APIVersion(), "/")
	if !found {
		group, version = "", object.APIVersion()
	}
	return kindOf{group, version, object.Kind()}
}

func (k kindOf) apiVersion() string {
	if k.Group == "" {
		return k.Version
	}
	return k.Group + "/" + k.Version
}

// union joins two lists of kinds, each kind once, in a fixed order.
func union(a, b []kindOf) []kindOf {
	set := map[kindOf]bool{}
	for _, kind := range append(append([]kindOf(nil), a...), b...) {
		set[kind] = true
	}
	joined := make([]kindOf, 0, len(set))
	for kind := range set {
		joined = append(joined, kind)
	}
	sort.Slice(joined, func(i, j int) bool { return fmt.Sprint(joined[i]) < fmt.Sprint(joined[j]) })
	return joined
}

// identity tells objects of one kind apart.
func identity(object cluster.Object) string { return object.Namespace() + "/" + object.Name() }

// obsolete returns the objects of a cluster that are not among those wanted.
func obsolete(existing, wanted []cluster.Object, kind kindOf) []cluster.Object {
	keep := map[string]bool{}
	for _, object := range wanted {
		if kindOfObject(object) == kind {
			keep[identity(object)] = true
		}
	}
	var gone []cluster.Object
	for _, object := range existing {
		if !keep[identity(object)] {
			gone = append(gone, object)
		}
	}
	return gone
}
