package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"k3s-board/emulator/launcher/etcd"
	"k3s-board/emulator/launcher/files"
)

// SnapshotTimeout is how long k3s waits for a snapshot.
const SnapshotTimeout = 2 * time.Minute

// Snapshots is where `k3s etcd-snapshot` saves and looks.
type Snapshots struct {
	DataDir string
	// Directory is empty for k3s's own in the datastore, which is made; another one must be there.
	Directory string
}

// SnapshotFile is one of the snapshots that are there.
type SnapshotFile struct {
	Name, Location string
	Size           int64
	Created        time.Time
}

func (s Snapshots) own() string { return filepath.Join(s.DataDir, "server", "db", "snapshots") }

func (s Snapshots) directory() string {
	if s.Directory == "" {
		return s.own()
	}
	return filepath.Clean(s.Directory)
}

// Save asks the etcd of this server, which has to run, for a snapshot, and returns its path.
func (s Snapshots) Save(ctx context.Context, client *etcd.Client, name, node string, now time.Time) (string, error) {
	if _, err := os.Stat(filepath.Join(s.DataDir, "server", "db", "etcd", "name")); err != nil {
		return "", fmt.Errorf("this server has no etcd that others can join: start it with --cluster-init, or with --server (%w)", err)
	}
	if filepath.Base(name) != name {
		return "", fmt.Errorf("--name: %q is no name of a file", name)
	}
	directory := s.directory()
	if directory == s.own() {
		if err := files.EnsureDirectory(directory, 0o700); err != nil {
			return "", err
		}
	} else if _, err := os.Stat(directory); err != nil {
		return "", fmt.Errorf("--etcd-snapshot-dir: %w", err)
	}
	path := filepath.Join(directory, fmt.Sprintf("%s-%s-%d", name, node, now.Unix()))
	return path, files.WriteDurably(path, 0o600, func(to io.Writer) error { return client.Snapshot(ctx, to) })
}

// List names the snapshots that are there, oldest first.
func (s Snapshots) List() ([]SnapshotFile, error) {
	entries, err := os.ReadDir(s.directory())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []SnapshotFile
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		// what begins with a dot is being written
		if info.Mode().IsRegular() && info.Name()[0] != '.' {
			location := "file://" + filepath.Join(s.directory(), info.Name())
			found = append(found, SnapshotFile{info.Name(), location, info.Size(), info.ModTime()})
		}
	}
	sort.SliceStable(found, func(one, other int) bool { return found[one].Created.Before(found[other].Created) })
	return found, nil
}

// LocalEtcd is the etcd of this server.
func LocalEtcd() *etcd.Client { return etcd.New(etcdSocket) }
