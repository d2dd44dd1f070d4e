package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"k3s-board/emulator/launcher/etcd"
	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/joining"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/pki"
	"k3s-board/emulator/launcher/settings"
)

const (
	peerPort = "2380"
	// promotePause is between two attempts to get a vote; a learner catches up within seconds.
	promotePause = 2 * time.Second
)

// membership is what a server's etcd is: alone behind a socket, or a member that others reach.
type membership struct {
	// Name of the member; others know it by this.
	Name string
	// PeerURL is empty for an etcd that is alone.
	PeerURL string
	// InitialCluster is what a new member starts with: itself, or all that are there.
	InitialCluster string
	// Joins is set where others are there already.
	Joins bool
}

func (m membership) clustered() bool { return m.PeerURL != "" }

func etcdDirectory(s *settings.Settings, names ...string) string {
	return s.Path(append([]string{"server", "db", "etcd"}, names...)...)
}

// hasData tells whether this server's etcd has started before.
func hasData(s *settings.Settings) bool {
	_, err := os.Stat(etcdDirectory(s, "member"))
	return err == nil
}

// wantsMembership tells whether this server's etcd is to be a member that others reach. Once it is, it stays one, whatever the flags say, as with k3s.
func wantsMembership(s *settings.Settings) bool {
	_, err := os.Stat(etcdDirectory(s, "name"))
	return err == nil || s.ClusterInit || s.ServerURL != ""
}

// memberName is the name of before, or a new one as k3s makes it: a node that comes again is another member.
func memberName(s *settings.Settings) (string, error) {
	path := etcdDirectory(s, "name")
	stored, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(stored)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	suffix := make([]byte, 4)
	if _, err := rand.Read(suffix); err != nil {
		return "", err
	}
	name := s.NodeName + "-" + hex.EncodeToString(suffix)
	return name, files.WriteAtomic(path, []byte(name+"\n"), 0o600)
}

func peerURL(s *settings.Settings) string {
	return "https://" + net.JoinHostPort(s.NodeIP.String(), peerPort)
}

// firstServer calls the server that this one joins.
func firstServer(ctx context.Context, s *settings.Settings) (*joining.Caller, error) {
	caHash, secret := Secret(s.Token)
	return joining.Dial(ctx, s.ServerURL, caHash, "server", secret, joining.Node{Name: s.NodeName, Address: s.NodeIP.String()})
}

// fetchBootstrap gets what all servers have in common from the one that is joined, before anything of it would be made anew.
func fetchBootstrap(ctx context.Context, s *settings.Settings) error {
	if s.ServerURL == "" || hasData(s) {
		return nil
	}
	return joining.Repeatedly(ctx, "join "+s.ServerURL, func() error {
		caller, err := firstServer(ctx, s)
		if err != nil {
			return err
		}
		raw, err := caller.Do(ctx, http.MethodGet, bootstrapPath, nil)
		if err != nil {
			return err
		}
		var contents map[string]string
		if err := json.Unmarshal(raw, &contents); err != nil {
			return err
		}
		return pki.WriteBootstrap(s.Path("server", "tls"), contents)
	})
}

// resolveMembership finds out what this server's etcd is, and is admitted where it is to join.
func resolveMembership(ctx context.Context, s *settings.Settings) (membership, error) {
	if !wantsMembership(s) {
		return membership{Name: "default"}, nil
	}
	name, err := memberName(s)
	if err != nil {
		return membership{}, err
	}
	m := membership{Name: name, PeerURL: peerURL(s)}
	m.InitialCluster = m.Name + "=" + m.PeerURL
	if s.ServerURL != "" && !hasData(s) {
		m.Joins = true
		if m.InitialCluster, err = admitted(ctx, s, m); err != nil {
			return m, err
		}
	}
	// k3s has its etcd's configuration here; who looks at the directory sees who the members were when it joined
	if _, err := os.Stat(etcdDirectory(s, "config")); errors.Is(err, fs.ErrNotExist) || m.Joins {
		config := fmt.Sprintf("name: %s\ninitial-cluster: %s\n", m.Name, m.InitialCluster)
		if err := files.WriteAtomic(etcdDirectory(s, "config"), []byte(config), 0o600); err != nil {
			return m, err
		}
	}
	return m, nil
}

// newcomer is what a server says of its etcd when it joins.
type newcomer struct {
	Name    string `json:"name"`
	PeerURL string `json:"peerURL"`
}

func admitted(ctx context.Context, s *settings.Settings, m membership) (string, error) {
	initial := ""
	err := joining.Repeatedly(ctx, "become a member of etcd", func() error {
		raw, err := callFirst(ctx, s, membersPath, m)
		initial = string(raw)
		return err
	})
	return initial, err
}

func callFirst(ctx context.Context, s *settings.Settings, path string, m membership) ([]byte, error) {
	caller, err := firstServer(ctx, s)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(newcomer{m.Name, m.PeerURL})
	if err != nil {
		return nil, err
	}
	return caller.Do(ctx, http.MethodPost, path, body)
}

// awaitVote returns when this server's etcd may be written to: at once where it votes, else once the server that it joined has promoted it. One whose
// other members have not started yet is waited for.
func (p *preparation) awaitVote(ctx context.Context) error {
	if !p.membership.clustered() {
		return nil
	}
	said := false
	for {
		isLearner, err := p.etcd.IsLearner(ctx)
		if err == nil && !isLearner {
			// what was alone until now had no address
			if err = etcd.MoveTo(ctx, p.etcd, p.membership.Name, p.membership.PeerURL); err == nil {
				return nil
			}
		}
		if err == nil && p.settings.ServerURL != "" {
			if !said {
				journal.Info("etcd: this member learns, and asks %s for its vote", p.settings.ServerURL)
				said = true
			}
			_, err = callFirst(ctx, p.settings, promotePath, p.membership)
		}
		if err != nil {
			journal.Debug("etcd is not ready yet: %v", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(promotePause):
		}
	}
}
