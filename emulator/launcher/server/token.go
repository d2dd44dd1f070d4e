package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/settings"
)

// Tokens are the secrets by which nodes join.
type Tokens struct {
	// Server joins servers and agents, Agent only agents. Both are secrets without prefix; Agent may equal Server.
	Server string
	Agent  string
}

func matches(token, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(token)) == 1
}

func (t *Tokens) isServer(secret string) bool { return matches(t.Server, secret) }

func (t *Tokens) isKnown(secret string) bool { return t.isServer(secret) || matches(t.Agent, secret) }

// Secret takes a token in its full form, K10<hash of the authority>::<user>:<secret>, or in its short form, the secret alone, apart.
func Secret(token string) (caHash, secret string) {
	rest, full := strings.CutPrefix(token, "K10")
	if hash, credentials, found := strings.Cut(rest, "::"); full && found && len(hash) == 64 {
		if _, password, hasUser := strings.Cut(credentials, ":"); hasUser {
			return hash, password
		}
		return hash, credentials
	}
	return "", token
}

// full is the form that pins the cluster's authority.
func full(caHash, user, secret string) string { return "K10" + caHash + "::" + user + ":" + secret }

// EnsureTokens reads the tokens of before or makes them, and writes them where k3s has them. A token other than that of before is refused:
// k3s encrypts its datastore with it. A further server takes another one where the server that it joined does: there it was rotated.
func EnsureTokens(ctx context.Context, s *settings.Settings, caHash string) (Tokens, error) {
	tokens := Tokens{}
	path := s.Path("server", "token")
	stored, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tokens, err
	}
	_, before := Secret(strings.TrimSpace(string(stored)))
	hash, given := Secret(s.Token)
	if hash != "" && hash != caHash {
		return tokens, errors.New("--token: it pins another cluster's CA than that in " + s.Path("server", "tls"))
	}
	switch {
	case given != "" && before != "" && given != before && !isTaken(ctx, s):
		return tokens, errors.New("bootstrap data already found and encrypted with different token: --token may not change in place")
	case given != "":
		tokens.Server = given
	case before != "":
		tokens.Server = before
	case hasData(s):
		return tokens, errors.New("bootstrap data already found and encrypted with different token: that of before is not in " + path)
	default:
		if tokens.Server, err = randomSecret(); err != nil {
			return tokens, err
		}
	}
	if _, err := files.WriteIfChanged(path, []byte(full(caHash, "server", tokens.Server)+"\n"), 0o600); err != nil {
		return tokens, err
	}
	tokens.Agent = tokens.Server
	agentFile := s.Path("server", "agent-token")
	if s.AgentToken == "" {
		err = relink(agentFile, path)
	} else {
		_, tokens.Agent = Secret(s.AgentToken)
		if err = removeLink(agentFile); err == nil {
			_, err = files.WriteIfChanged(agentFile, []byte(full(caHash, "node", tokens.Agent)+"\n"), 0o600)
		}
	}
	if err != nil {
		return tokens, err
	}
	return tokens, relink(s.Path("server", "node-token"), path)
}

// isTaken tells whether the server that this one joined takes the token that was given.
func isTaken(ctx context.Context, s *settings.Settings) bool {
	if s.ServerURL == "" {
		return false
	}
	caller, err := firstServer(ctx, s)
	if err == nil {
		_, err = caller.Do(ctx, http.MethodGet, bootstrapPath, nil)
	}
	if err != nil {
		journal.Error("%s does not take the token: %v", s.ServerURL, err)
	}
	return err == nil
}

func randomSecret() (string, error) {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("no random numbers: %w", err)
	}
	return hex.EncodeToString(random), nil
}

func relink(link, target string) error {
	if current, err := os.Readlink(link); err == nil && current == target {
		return nil
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(target, link)
}

func removeLink(path string) error {
	if _, err := os.Readlink(path); err != nil {
		return nil
	}
	return os.Remove(path)
}
