package etcd

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// gateway is an etcd as its JSON gateway shows it: it answers what it is told to, and remembers what it was asked.
type gateway struct {
	answers map[string]string
	status  int
	asked   []string
}

func (g *gateway) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	path := strings.TrimPrefix(request.URL.Path, "/v3/")
	g.asked = append(g.asked, path+" "+string(body))
	if g.status != 0 && !strings.HasSuffix(path, "list") {
		writer.WriteHeader(g.status)
	}
	_, _ = io.WriteString(writer, g.answers[path])
}

func serve(t *testing.T, g *gateway) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "etcd.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: g}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return New(socket)
}

func list(members ...Member) string {
	content, _ := json.Marshal(map[string]any{"members": members})
	return string(content)
}

var (
	first    = Member{ID: "10276657743932975437", Name: "one-1", PeerURLs: []string{"https://192.0.2.1:2380"}}
	learning = Member{ID: "2", PeerURLs: []string{"https://192.0.2.2:2380"}, IsLearner: true}
	second   = Member{ID: "2", Name: "two-2", PeerURLs: []string{"https://192.0.2.2:2380"}}
)

const secondURL = "https://192.0.2.2:2380"

func TestAdmit(t *testing.T) {
	for name, test := range map[string]struct {
		there []Member
		asked []string
	}{
		"a new one":                    {[]Member{first}, []string{"list", "add"}},
		"one that was admitted before": {[]Member{first, learning}, []string{"list"}},
		"one that has lost its data":   {[]Member{first, second}, []string{"list", "remove", "add"}},
	} {
		g := &gateway{answers: map[string]string{"cluster/member/list": list(test.there...), "cluster/member/add": list(first, learning), "cluster/member/remove": "{}"}}
		members, err := Admit(t.Context(), serve(t, g), secondURL)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := InitialCluster(members, "two-9", secondURL); got != "one-1=https://192.0.2.1:2380,two-9=https://192.0.2.2:2380" {
			t.Errorf("%s: %s", name, got)
		}
		for index, what := range test.asked {
			if index >= len(g.asked) || !strings.Contains(g.asked[index], "cluster/member/"+what) || len(g.asked) != len(test.asked) {
				t.Errorf("%s: asked %v", name, g.asked)
			}
		}
	}
}

func TestPromoteAt(t *testing.T) {
	g := &gateway{answers: map[string]string{
		"cluster/member/list":    list(first, learning),
		"cluster/member/promote": `{"code":9,"message":"etcdserver: can only promote a learner member which is in sync with leader"}`,
	}, status: http.StatusBadRequest}
	client := serve(t, g)
	if err := PromoteAt(t.Context(), client, secondURL); !errors.Is(err, ErrNotReady) {
		t.Errorf("a learner that has not caught up: %v", err)
	}
	if last := g.asked[len(g.asked)-1]; last != `cluster/member/promote {"ID":"2"}` {
		t.Error(last)
	}
	g.answers["cluster/member/list"] = list(first, second)
	if err := PromoteAt(t.Context(), client, secondURL); err != nil {
		t.Errorf("one that votes already: %v", err)
	}
	if err := PromoteAt(t.Context(), client, "https://192.0.2.3:2380"); err == nil {
		t.Error("one that is no member")
	}
}

func TestRemoveNamedAndMoveTo(t *testing.T) {
	g := &gateway{answers: map[string]string{"cluster/member/list": list(first, second), "cluster/member/remove": "{}", "cluster/member/update": "{}"}}
	client := serve(t, g)
	for _, name := range []string{"two-2", "nobody"} {
		if err := RemoveNamed(t.Context(), client, name); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(g.asked, "|"); strings.Count(got, "remove") != 1 || !strings.Contains(got, `remove {"ID":"2"}`) {
		t.Error(got)
	}
	g.asked = nil
	for _, url := range []string{first.PeerURLs[0], "https://192.0.2.9:2380"} {
		if err := MoveTo(t.Context(), client, "one-1", url); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(g.asked, "|"); strings.Count(got, "update") != 1 || !strings.Contains(got, `"peerURLs":["https://192.0.2.9:2380"]`) {
		t.Error(got)
	}
}

func TestFailuresAreEtcdsOwnWords(t *testing.T) {
	g := &gateway{answers: map[string]string{"maintenance/status": `{"code":14,"message":"etcdserver: no leader"}`}, status: http.StatusServiceUnavailable}
	if _, err := serve(t, g).IsLearner(t.Context()); err == nil || !strings.Contains(err.Error(), "etcdserver: no leader") {
		t.Error(err)
	}
	g.answers["maintenance/status"], g.status = `{"isLearner":true}`, 0
	if learns, err := serve(t, g).IsLearner(t.Context()); err != nil || !learns {
		t.Error(learns, err)
	}
}
