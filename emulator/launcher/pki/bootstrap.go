package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k3s-board/emulator/launcher/files"
)

// bootstrapFiles are what all servers of a cluster have in common: its authorities, and the key that signs service accounts. Paths are those below
// server/tls.
func bootstrapFiles() []string {
	paths := []string{"service.key"}
	for _, authority := range []string{"server-ca", "client-ca", "request-header-ca", peerAuthority} {
		paths = append(paths, authority+".crt", authority+".key")
	}
	return paths
}

// Bootstrap reads what a further server has to have in common with this one. It is as secret as the cluster.
func (c *Cluster) Bootstrap() (map[string]string, error) {
	contents := map[string]string{}
	for _, path := range bootstrapFiles() {
		content, err := os.ReadFile(c.Path(path))
		if err != nil {
			return nil, err
		}
		contents[path] = string(content)
	}
	return contents, nil
}

// WriteBootstrap writes what another server has handed over. What is there and differs belongs to another cluster and is refused.
func WriteBootstrap(directory string, contents map[string]string) error {
	for _, path := range bootstrapFiles() {
		content, found := contents[path]
		if !found {
			return fmt.Errorf("the server has handed over no %s", path)
		}
		existing, err := os.ReadFile(filepath.Join(directory, path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && string(existing) != content {
			return fmt.Errorf("%s is another cluster's than the server's", filepath.Join(directory, path))
		}
	}
	for _, path := range bootstrapFiles() {
		mode := os.FileMode(0o600)
		if strings.HasSuffix(path, ".crt") {
			mode = 0o644
		}
		if _, err := files.WriteIfChanged(filepath.Join(directory, path), []byte(contents[path]), mode); err != nil {
			return err
		}
	}
	return nil
}
