package etcd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
)

const snapshotPath = "maintenance/snapshot"

// Snapshot writes the whole database of this etcd, and its SHA-256 behind it: the form that etcd and k3s restore from. It takes as long as ctx allows.
func (c *Client) Snapshot(ctx context.Context, to io.Writer) error {
	response, err := post(ctx, &http.Client{Transport: c.http.Transport}, snapshotPath, map[string]any{})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return failure(snapshotPath, response.Status, content)
	}
	checked := &checkedWriter{to: to, sum: sha256.New()}
	for parts := json.NewDecoder(response.Body); ; {
		var part struct {
			Result struct {
				Blob []byte `json:"blob"`
			} `json:"result"`
			Error *struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := parts.Decode(&part); errors.Is(err, io.EOF) {
			return checked.verify()
		} else if err != nil {
			return fmt.Errorf("the snapshot breaks off: %w", err)
		}
		if part.Error != nil {
			return fmt.Errorf("etcd broke the snapshot off: %s", part.Error.Message)
		}
		if _, err := checked.Write(part.Result.Blob); err != nil {
			return err
		}
	}
}

// checkedWriter passes on what it gets, and knows whether the last bytes are the checksum of all before them.
type checkedWriter struct {
	to   io.Writer
	sum  hash.Hash
	tail []byte
}

func (w *checkedWriter) Write(content []byte) (int, error) {
	w.tail = append(w.tail, content...)
	if settled := len(w.tail) - sha256.Size; settled > 0 {
		w.sum.Write(w.tail[:settled])
		w.tail = append(w.tail[:0], w.tail[settled:]...)
	}
	return w.to.Write(content)
}

func (w *checkedWriter) verify() error {
	if !bytes.Equal(w.sum.Sum(nil), w.tail) {
		return errors.New("the snapshot is not whole: its checksum is another one")
	}
	return nil
}
