package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k3s-board/emulator/launcher/files"
)

// Rotate is what `k3s certificate rotate` does: the certificates and keys of a server and of its node are taken away, so that the next start makes
// others, and lie in server/tls-<seconds>, or agent/tls-<seconds> where there is no server. Authorities and the key of service accounts stay.
//
// It returns that directory.
func Rotate(dataDir string, now time.Time) (string, error) {
	server, agent := filepath.Join(dataDir, "server"), filepath.Join(dataDir, "agent")
	tls := filepath.Join(server, "tls")
	own, err := pairs(tls, true, bootstrapFiles())
	if err != nil {
		return "", err
	}
	nodes, err := pairs(agent, false, []string{"server-ca.crt", "client-ca.crt"})
	if err != nil {
		return "", err
	}
	if len(own)+len(nodes) == 0 {
		return "", fmt.Errorf("%s has no certificates", dataDir)
	}
	backup := fmt.Sprintf("tls-%d", now.Unix())
	if len(own) > 0 {
		backup = filepath.Join(server, backup)
	} else {
		backup = filepath.Join(agent, backup)
	}
	for _, found := range []struct {
		directory string
		paths     []string
	}{{tls, own}, {agent, nodes}} {
		for _, path := range found.paths {
			content, err := os.ReadFile(filepath.Join(found.directory, path))
			if err != nil {
				return "", err
			}
			if err := files.WriteAtomic(filepath.Join(backup, path), content, 0o600); err != nil {
				return "", err
			}
		}
	}
	// not before all are saved: what is removed is nowhere else
	for _, path := range own {
		if err := os.Remove(filepath.Join(tls, path)); err != nil {
			return "", err
		}
	}
	for _, path := range nodes {
		if err := os.Remove(filepath.Join(agent, path)); err != nil {
			return "", err
		}
	}
	return backup, nil
}

// pairs lists the certificates and keys in a directory but for some, by their paths in it. A directory that is not there has none.
func pairs(directory string, deep bool, but []string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != directory && !deep {
				return fs.SkipDir
			}
			return nil
		}
		name := strings.TrimPrefix(path, directory+"/")
		if extension := filepath.Ext(name); (extension == ".crt" || extension == ".key") && !slices.Contains(but, name) {
			found = append(found, name)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return found, err
}
