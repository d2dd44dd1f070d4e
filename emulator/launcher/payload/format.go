// Package payload is what the launcher carries behind its own program: the programs it starts, compressed. They are unpacked once per
// version, in parallel, as a small board has slow cores but more than one.
//
// Layout of the file: the launcher's ELF file, one zstd frame per chunk, the index as JSON, the length of the index as eight
// bytes big-endian, and the marker.
package payload

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	marker      = "k3s-board-parts1"
	trailerSize = int64(8 + len(marker))
	// ChunkSize is how many bytes of a program one frame holds: small enough to keep all cores busy, large enough to compress well.
	ChunkSize = 8 << 20
)

// ErrNone says that the program carries no payload.
var ErrNone = errors.New("this build of the launcher carries no programs: build it with emulator/launcher-build.ts")

// Index lists what is packed.
type Index struct {
	Files []File `json:"files"`
	Links []Link `json:"links"`
}

// File is one packed program.
type File struct {
	Name   string  `json:"name"`
	Size   int64   `json:"size"`
	SHA256 string  `json:"sha256"`
	Chunks []Chunk `json:"chunks"`
}

// Chunk is one zstd frame: where it begins in the launcher's file, its length, and what it unpacks to.
type Chunk struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
	At     int64 `json:"at"`
	Size   int64 `json:"size"`
}

// Link is a symbolic link beside the programs.
type Link struct {
	Name   string `json:"name"`
	Target string `json:"target"`
}

// Hash names the content: it changes with every program, and with nothing else.
func (i *Index) Hash() string {
	digest := sha256.New()
	for _, file := range i.Files {
		fmt.Fprintf(digest, "%s %s\n", file.Name, file.SHA256)
	}
	for _, link := range i.Links {
		fmt.Fprintf(digest, "%s -> %s\n", link.Name, link.Target)
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// sumsName is the list of checksums beside the programs, as k3s has it.
const sumsName = ".sha256sums"

// sums is that list, for `sha256sum -c`.
func (i *Index) sums() string {
	var lines strings.Builder
	for _, file := range i.Files {
		fmt.Fprintf(&lines, "%s  %s\n", file.SHA256, file.Name)
	}
	return lines.String()
}

// ReadIndex reads the index at the end of an open launcher. It returns ErrNone for one without.
func ReadIndex(file *os.File) (*Index, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < trailerSize {
		return nil, ErrNone
	}
	trailer := make([]byte, trailerSize)
	if _, err := file.ReadAt(trailer, info.Size()-trailerSize); err != nil {
		return nil, err
	}
	if string(trailer[8:]) != marker {
		return nil, ErrNone
	}
	length := int64(binary.BigEndian.Uint64(trailer))
	if length <= 0 || length > info.Size()-trailerSize {
		return nil, errors.New("the launcher's file is damaged: its index does not fit")
	}
	raw := make([]byte, length)
	if _, err := file.ReadAt(raw, info.Size()-trailerSize-length); err != nil {
		return nil, err
	}
	index := &Index{}
	if err := json.Unmarshal(raw, index); err != nil {
		return nil, fmt.Errorf("the launcher's file is damaged: %w", err)
	}
	return index, nil
}

// WriteIndex ends a launcher's file.
func WriteIndex(out io.Writer, index *Index) error {
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	trailer := binary.BigEndian.AppendUint64(nil, uint64(len(raw)))
	_, err = out.Write(append(append(raw, trailer...), marker...))
	return err
}
