package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/settings"
)

// importTimeout bounds the import of one archive; a slow board unpacks a few megabytes a second.
const importTimeout = 10 * time.Minute

// watchInterval is how often the directory of archives is looked at.
const watchInterval = 5 * time.Second

// Importer loads the archives of agent/images into containerd.
type Importer struct {
	Directory string
	Ctr       string
	Env       []string

	done map[string]string
}

// NewImporter makes an importer for the node's own containerd.
func NewImporter(s *settings.Settings, bin string) *Importer {
	return &Importer{
		Directory: s.Path("agent", "images"), Ctr: filepath.Join(bin, "ctr"),
		Env: append(Environment(bin), "CONTAINERD_ADDRESS="+ContainerdSocket, "CONTAINERD_NAMESPACE=k8s.io"), done: map[string]string{},
	}
}

// WaitReady waits until containerd answers, at most the given time.
func (i *Importer) WaitReady(ctx context.Context, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		if _, err := os.Stat(ContainerdSocket); err == nil {
			if _, err := i.ctr(ctx, 30*time.Second, "version"); err == nil {
				return nil
			} else if time.Now().After(deadline) {
				return fmt.Errorf("containerd did not answer on %s within %s: %w", ContainerdSocket, patience, err)
			}
		} else if time.Now().After(deadline) {
			return fmt.Errorf("containerd made no socket %s within %s", ContainerdSocket, patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// ImportAll imports what is in the directory and was not imported by this process in its present form. A bad archive is logged, as k3s
// does, and holds nothing up.
func (i *Importer) ImportAll(ctx context.Context) {
	entries, err := os.ReadDir(i.Directory)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			journal.Error("Failed to read %s: %v", i.Directory, err)
		}
		return
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() && isArchive(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	sort.Strings(names)
	for _, name := range names {
		path := filepath.Join(i.Directory, name)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		version := fmt.Sprint(info.ModTime().UnixNano(), info.Size())
		if i.done[name] == version {
			continue
		}
		i.done[name] = version
		begun := time.Now()
		images, err := i.importArchive(ctx, path)
		if err != nil {
			journal.Error("Error encountered while importing %s: %v", path, err)
			continue
		}
		journal.Info("Imported images from %s in %s: %s", path, time.Since(begun).Round(time.Millisecond), strings.Join(images, ", "))
	}
}

// Watch imports archives that appear later, until the context ends.
func (i *Importer) Watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchInterval):
			i.ImportAll(ctx)
		}
	}
}

// isArchive tells whether a file of the directory is an archive of images. Text files are lists of images to pull, which the launcher
// does not do.
func isArchive(name string) bool {
	for _, ending := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"} {
		if strings.HasSuffix(name, ending) && !strings.HasPrefix(name, ".") {
			return true
		}
	}
	return false
}

// importArchive loads one archive, all platforms unchecked as k3s does, and pins what it brought: garbage collection would otherwise take
// images that no registry can give back.
func (i *Importer) importArchive(ctx context.Context, path string) ([]string, error) {
	input, closeInput, err := openArchive(path)
	if err != nil {
		return nil, err
	}
	defer closeInput()
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, i.Ctr, "images", "import", "--local", "--all-platforms", "--label", "io.cri-containerd.pinned=pinned", "-")
	command.Env, command.Stdin = i.Env, input
	output, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(string(output)))
	}
	return importedNames(string(output)), nil
}

// importedNames reads the names out of what ctr says.
func importedNames(output string) []string {
	var names []string
	for _, line := range strings.Split(output, "\n") {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "unpacking" {
			names = append(names, fields[1])
		} else if len(fields) > 1 && strings.Contains(fields[0], "/") && strings.HasPrefix(fields[1], "saved") {
			names = append(names, fields[0])
		}
	}
	return names
}

func lastLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}

func (i *Importer) ctr(ctx context.Context, timeout time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	command := exec.CommandContext(ctx, i.Ctr, args...)
	command.Env = i.Env
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ctr %s: %w: %s", args[0], err, lastLine(string(output)))
	}
	return string(output), nil
}
