package etcd

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// stream is what the gateway sends of a snapshot: a JSON object per part.
func stream(parts ...[]byte) string {
	var lines strings.Builder
	for _, part := range parts {
		line, _ := json.Marshal(map[string]any{"result": map[string]any{"remaining_bytes": "0", "blob": part}})
		lines.Write(append(line, '\n'))
	}
	return lines.String()
}

func TestSnapshot(t *testing.T) {
	database := bytes.Repeat([]byte("page"), 30_000)
	sum := sha256.Sum256(database)
	whole := stream(database[:65_536], database[65_536:], sum[:])
	for name, test := range map[string]struct {
		answer string
		status int
		err    string
	}{
		"whole":                            {answer: whole},
		"with a checksum in two parts":     {answer: stream(database, sum[:7], sum[7:])},
		"that ends early":                  {answer: stream(database[:65_536]), err: "is not whole"},
		"of nothing":                       {answer: "", err: "is not whole"},
		"that breaks off in a part":        {answer: whole[:len(whole)/2], err: "breaks off"},
		"that etcd breaks off":             {answer: stream(database[:9]) + `{"error":{"code":13,"message":"disk failed"}}`, err: "disk failed"},
		"that etcd refuses":                {answer: `{"message":"etcdserver: rpc not supported for learner"}`, status: http.StatusServiceUnavailable, err: "not supported for learner"},
		"of an etcd that is behind no API": {answer: "404 page not found", status: http.StatusNotFound, err: "404 page not found"},
	} {
		client := serve(t, &gateway{answers: map[string]string{snapshotPath: test.answer}, status: test.status})
		var written bytes.Buffer
		err := client.Snapshot(t.Context(), &written)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !bytes.Equal(written.Bytes(), append(bytes.Clone(database), sum[:]...)) {
			t.Errorf("%s: %v, %d bytes", name, err, written.Len())
		}
	}
}
