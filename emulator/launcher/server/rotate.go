package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"k3s-board/emulator/launcher/files"
	"k3s-board/emulator/launcher/joining"
	"k3s-board/emulator/launcher/journal"
	"k3s-board/emulator/launcher/settings"
)

const tokenPath = "/v1-k3s/token"

// sharedTokens are the tokens of a server that runs: a rotation changes them.
type sharedTokens struct {
	mutex  sync.RWMutex
	tokens Tokens
}

func (t *sharedTokens) get() Tokens {
	t.mutex.RLock()
	defer t.mutex.RUnlock()
	return t.tokens
}

func (t *sharedTokens) set(tokens Tokens) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.tokens = tokens
}

// serveToken adds what `k3s token rotate` asks for.
func (p *preparation) serveToken(mux *http.ServeMux) {
	mux.HandleFunc("PUT "+tokenPath, p.authenticated(func(writer http.ResponseWriter, request *http.Request) {
		tokens := p.tokens.get()
		if _, secret, _ := request.BasicAuth(); !tokens.isServer(secret) {
			http.Error(writer, "only the server's token is good for this", http.StatusForbidden)
			return
		}
		var wanted tokenRequest
		if err := json.NewDecoder(io.LimitReader(request.Body, requestLimit)).Decode(&wanted); err != nil {
			http.Error(writer, "the request cannot be read", http.StatusBadRequest)
			return
		}
		rotated, err := rotate(p.settings, p.plane.pki.Server.Hash(), tokens, wanted.NewToken)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusInternalServerError)
			return
		}
		p.tokens.set(rotated)
		journal.Info("The server's token was rotated: restart k3s with the new one")
	}))
}

type tokenRequest struct {
	NewToken string `json:"newToken"`
}

// rotate writes the new token where the next start looks for it. Agents that share the server's token have the new one too.
func rotate(s *settings.Settings, caHash string, before Tokens, wanted string) (Tokens, error) {
	hash, secret := Secret(wanted)
	if hash != "" && hash != caHash {
		return before, errors.New("the new token pins another cluster's CA")
	}
	if secret == "" {
		made, err := randomSecret()
		if err != nil {
			return before, err
		}
		secret = made
	}
	tokens := Tokens{Server: secret, Agent: before.Agent}
	if s.AgentToken == "" {
		tokens.Agent = secret
	}
	return tokens, files.WriteAtomic(s.Path("server", "token"), []byte(full(caHash, "server", secret)+"\n"), 0o600)
}

// Rotate is `k3s token rotate`: it asks a server that runs. Without a token, the one that this server has.
func Rotate(ctx context.Context, dataDir, url, token, newToken string) error {
	if token == "" {
		content, err := os.ReadFile(dataDir + "/server/token")
		if err != nil {
			return fmt.Errorf("--token: %w", err)
		}
		token = strings.TrimSpace(string(content))
	}
	caHash, secret := Secret(token)
	caller, err := joining.Dial(ctx, url, caHash, "server", secret, joining.Node{})
	if err != nil {
		return err
	}
	body, err := json.Marshal(tokenRequest{newToken})
	if err != nil {
		return err
	}
	_, err = caller.Do(ctx, http.MethodPut, tokenPath, body)
	return err
}
