package node

import (
	"compress/gzip"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// openArchive opens an archive of images and undoes its compression, which its name tells.
func openArchive(path string) (io.Reader, func(), error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case strings.HasSuffix(path, "zst"):
		decoder, err := zstd.NewReader(file)
		if err != nil {
			_ = file.Close()
			return nil, nil, err
		}
		return decoder, func() { decoder.Close(); _ = file.Close() }, nil
	case strings.HasSuffix(path, "gz"):
		decoder, err := gzip.NewReader(file)
		if err != nil {
			_ = file.Close()
			return nil, nil, err
		}
		return decoder, func() { _ = file.Close() }, nil
	default:
		return file, func() { _ = file.Close() }, nil
	}
}
