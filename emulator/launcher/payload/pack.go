package payload

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Pack writes launcher, programs and index to out. The result depends on the content of the files alone.
func Pack(out io.Writer, launcher string, programs []string, links []Link) error {
	elf, err := os.ReadFile(launcher)
	if err != nil {
		return err
	}
	if _, err := out.Write(elf); err != nil {
		return err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(ChunkSize))
	if err != nil {
		return err
	}
	index := &Index{Links: links}
	offset := int64(len(elf))
	for _, program := range programs {
		content, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		file := File{Name: filepath.Base(program), Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
		for at := 0; at < len(content); at += ChunkSize {
			plain := content[at:min(at+ChunkSize, len(content))]
			frame := encoder.EncodeAll(plain, nil)
			if _, err := out.Write(frame); err != nil {
				return err
			}
			file.Chunks = append(file.Chunks, Chunk{offset, int64(len(frame)), int64(at), int64(len(plain))})
			offset += int64(len(frame))
		}
		index.Files = append(index.Files, file)
	}
	return WriteIndex(out, index)
}
