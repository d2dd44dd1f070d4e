package deploy

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sort"
	"strings"
)

// Rules decide by a file's name what happens to it. Names are relative to the directory of manifests.
type Rules struct {
	disabled map[string]bool
	skipped  map[string]bool
}

// NewRules takes the values of --disable and the names of the *.skip files.
func NewRules(disable, skips []string) Rules {
	rules := Rules{map[string]bool{}, map[string]bool{}}
	for _, name := range disable {
		rules.disabled[name] = true
	}
	for _, name := range skips {
		rules.skipped[strings.TrimSuffix(filepath.Base(name), ".skip")] = true
	}
	return rules
}

// Disabled tells whether a file belongs to a disabled component: its own name without extension, or the path of a directory it is in. A
// user's file of the same name is hit as well, as it is by k3s.
func (r Rules) Disabled(name string) bool {
	if base := filepath.Base(name); r.disabled[strings.TrimSuffix(base, filepath.Ext(base))] {
		return true
	}
	for directory := filepath.Dir(name); directory != "." && directory != "/"; directory = filepath.Dir(directory) {
		if r.disabled[directory] {
			return true
		}
	}
	return false
}

// Skipped tells whether a <name>.skip file exists for the file, anywhere among the manifests: only the base name counts. It does not hit
// the files of a directory.
func (r Rules) Skipped(name string) bool { return r.skipped[filepath.Base(name)] }

// addonName is the name of the record that is kept for a file: its base name up to the first dot.
func addonName(name string) string {
	base, _, _ := strings.Cut(filepath.Base(name), ".")
	return base
}

// list finds the manifests and the skip files below a directory, both relative to it and sorted. Hidden files are not looked at.
func list(directory string) (manifests, skips []string, err error) {
	err = filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(directory, path)
		if err != nil || name == "." {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		switch strings.ToLower(filepath.Ext(name)) {
		case ".yaml", ".yml", ".json":
			manifests = append(manifests, name)
		case ".skip":
			skips = append(skips, name)
		}
		return nil
	})
	sort.Strings(manifests)
	return manifests, skips, err
}

// ListSkips finds the skip files below a directory.
func ListSkips(directory string) ([]string, error) {
	_, skips, err := list(directory)
	return skips, err
}
