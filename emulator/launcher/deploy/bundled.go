// Package deploy applies the files of server/manifests the way k3s does: bundled ones are written fresh at every start, disabled ones are
// deleted, skipped ones are left alone, and all are looked at again and again.
package deploy

import (
	"embed"
	"io/fs"
	"path/filepath"
	"strings"

	"k3s-board/emulator/launcher/files"
)

//go:embed bundled
var bundled embed.FS

// Variables fill the places that a bundled manifest leaves open.
type Variables struct {
	ClusterDNS       string
	ClusterDomain    string
	SystemRegistry   string
	LocalStoragePath string
}

// Stage writes the bundled manifests that are neither disabled nor skipped to directory. The files may be read by root only.
func Stage(directory string, variables Variables, rules Rules) error {
	registry := variables.SystemRegistry
	if registry != "" {
		registry = strings.TrimSuffix(registry, "/") + "/"
	}
	fill := strings.NewReplacer(
		"%{CLUSTER_DNS}%", variables.ClusterDNS,
		"%{CLUSTER_DOMAIN}%", variables.ClusterDomain,
		"%{SYSTEM_DEFAULT_REGISTRY}%", registry,
		"%{DEFAULT_LOCAL_STORAGE_PATH}%", variables.LocalStoragePath,
	)
	return fs.WalkDir(bundled, "bundled", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, "bundled/")
		if rules.Disabled(name) || rules.Skipped(name) {
			return nil
		}
		content, err := bundled.ReadFile(path)
		if err != nil {
			return err
		}
		return files.WriteAtomic(filepath.Join(directory, name), []byte(fill.Replace(string(content))), 0o600)
	})
}
