package payload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Ensure unpacks the programs of the running launcher to <dataDir>/data/<hash>/bin unless they are there, and returns that directory.
// A directory that is there is taken for whole: it is unpacked under another name and renamed. As with k3s nobody waits until it is on disk, and a power
// cut seconds behind may leave files without content.
func Ensure(dataDir string) (string, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", err
	}
	defer self.Close()
	index, err := ReadIndex(self)
	if err != nil {
		return "", err
	}
	root := filepath.Join(dataDir, "data")
	final := filepath.Join(root, index.Hash())
	if _, err := os.Stat(final); err == nil {
		return filepath.Join(final, "bin"), nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	temporary, err := os.MkdirTemp(root, ".unpack-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		return "", err
	}
	if err := unpack(self, index, filepath.Join(temporary, "bin")); err != nil {
		return "", fmt.Errorf("cannot unpack the launcher's programs below %s: %w", root, err)
	}
	if err := os.Rename(temporary, final); err != nil {
		// Another start was faster; its result is the same.
		if _, statErr := os.Stat(final); statErr != nil {
			return "", err
		}
	}
	return filepath.Join(final, "bin"), nil
}

// job is one chunk and the file it belongs to.
type job struct {
	chunk Chunk
	out   *os.File
}

func unpack(packed *os.File, index *Index, directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	jobs := make(chan job)
	failures := make(chan error, runtime.NumCPU())
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Add(1)
		go func() {
			defer workers.Done()
			if err := unpackChunks(packed, jobs); err != nil {
				failures <- err
			}
			for range jobs { // let the others' sender end
			}
		}()
	}
	opened, err := feed(index, directory, jobs)
	close(jobs)
	workers.Wait()
	close(failures)
	for _, file := range opened {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}
	if err == nil {
		err = <-failures
	}
	for _, link := range index.Links {
		if err == nil {
			err = os.Symlink(link.Target, filepath.Join(directory, link.Name))
		}
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(directory, sumsName), []byte(index.sums()), 0o644)
	}
	return err
}

// feed opens the files, hands their chunks out, and returns what is to be closed when the workers have ended.
func feed(index *Index, directory string, jobs chan<- job) ([]*os.File, error) {
	var opened []*os.File
	for _, file := range index.Files {
		out, err := os.OpenFile(filepath.Join(directory, file.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
		if err != nil {
			return opened, err
		}
		opened = append(opened, out)
		if err := out.Truncate(file.Size); err != nil {
			return opened, err
		}
		for _, chunk := range file.Chunks {
			jobs <- job{chunk, out}
		}
	}
	return opened, nil
}

func unpackChunks(packed *os.File, jobs <-chan job) error {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer decoder.Close()
	var raw, plain []byte
	for next := range jobs {
		if int64(cap(raw)) < next.chunk.Length {
			raw = make([]byte, next.chunk.Length)
		}
		raw = raw[:next.chunk.Length]
		if _, err := packed.ReadAt(raw, next.chunk.Offset); err != nil {
			return err
		}
		if plain, err = decoder.DecodeAll(raw, plain[:0]); err != nil {
			return err
		}
		if int64(len(plain)) != next.chunk.Size {
			return errors.New("a chunk does not have the size that the index gives")
		}
		if _, err := next.out.WriteAt(plain, next.chunk.At); err != nil {
			return err
		}
	}
	return nil
}
