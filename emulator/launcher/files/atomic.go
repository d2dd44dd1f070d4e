// Package files writes files so that a reader never sees half of one.
package files

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
)

// WriteAtomic puts content at path with exactly this mode: a temporary file beside it, then renamed. It does not wait until that is on disk, as
// k3s does not with its certificates and tokens: who cuts the power is to find what k3s would leave. Directories that are missing are made with
// mode 0700 where private, else 0755.
func WriteAtomic(path string, content []byte, mode os.FileMode) error {
	return replace(path, mode, func(to *os.File) error {
		_, err := to.Write(content)
		return err
	})
}

// WriteDurably does the same with what write writes, and waits for the disk: for content that is not held in memory. Where write fails, nothing is
// at path.
func WriteDurably(path string, mode os.FileMode, write func(to io.Writer) error) error {
	return replace(path, mode, func(to *os.File) error {
		if err := write(to); err != nil {
			return err
		}
		return to.Sync()
	})
}

func replace(path string, mode os.FileMode, write func(to *os.File) error) error {
	directoryMode := os.FileMode(0o755)
	if mode&0o077 == 0 {
		directoryMode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(path), directoryMode); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	err = write(temporary)
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// WriteIfChanged writes only what differs, and tells whether it did.
func WriteIfChanged(path string, content []byte, mode os.FileMode) (bool, error) {
	if existing, err := os.ReadFile(path); err == nil && bytes.Equal(existing, content) {
		return false, os.Chmod(path, mode)
	}
	return true, WriteAtomic(path, content, mode)
}

// EnsureDirectory makes a directory with exactly this mode.
func EnsureDirectory(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}
