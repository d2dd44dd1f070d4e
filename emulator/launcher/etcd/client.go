// Package etcd asks an etcd about its members, through the JSON gateway on its client socket: the launcher holds none of etcd's libraries.
package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// requestTimeout bounds one call; etcd's own patience with a change of members is half of it.
const requestTimeout = 30 * time.Second

// ErrNotReady is what etcd says of a learner that has not caught up yet, and of a member that is not connected.
var ErrNotReady = errors.New("the member is not ready")

// Member is one member of an etcd. Name is empty until it has started.
type Member struct {
	ID        string   `json:"ID"`
	Name      string   `json:"name"`
	PeerURLs  []string `json:"peerURLs"`
	IsLearner bool     `json:"isLearner"`
}

// Client calls the etcd behind a unix socket.
type Client struct{ http *http.Client }

// New makes a client; nothing is connected yet.
func New(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &Client{&http.Client{Timeout: requestTimeout, Transport: &http.Transport{DialContext: dial}}}
}

// IsLearner tells whether this etcd itself has no vote yet.
func (c *Client) IsLearner(ctx context.Context) (bool, error) {
	var status struct {
		IsLearner bool `json:"isLearner"`
	}
	err := c.call(ctx, "maintenance/status", map[string]any{}, &status)
	return status.IsLearner, err
}

// Members lists all members. A learner does not answer this.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	var list struct {
		Members []Member `json:"members"`
	}
	err := c.call(ctx, "cluster/member/list", map[string]any{"linearizable": true}, &list)
	return list.Members, err
}

// AddLearner adds a member without a vote, and returns all members.
func (c *Client) AddLearner(ctx context.Context, peerURL string) ([]Member, error) {
	var added struct {
		Members []Member `json:"members"`
	}
	err := c.call(ctx, "cluster/member/add", map[string]any{"peerURLs": []string{peerURL}, "isLearner": true}, &added)
	return added.Members, err
}

// Promote gives a learner its vote; ErrNotReady while it has not caught up.
func (c *Client) Promote(ctx context.Context, id string) error {
	return c.call(ctx, "cluster/member/promote", map[string]any{"ID": id}, nil)
}

// Remove takes a member out.
func (c *Client) Remove(ctx context.Context, id string) error {
	return c.call(ctx, "cluster/member/remove", map[string]any{"ID": id}, nil)
}

// Update gives a member another address.
func (c *Client) Update(ctx context.Context, id, peerURL string) error {
	return c.call(ctx, "cluster/member/update", map[string]any{"ID": id, "peerURLs": []string{peerURL}}, nil)
}

func (c *Client) call(ctx context.Context, path string, body, result any) error {
	response, err := post(ctx, c.http, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return failure(path, response.Status, content)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(content, result)
}

func post(ctx context.Context, through *http.Client, path string, body any) (*http.Response, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://etcd/v3/"+path, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	return through.Do(request)
}

// failure reads what etcd says, which is a gRPC status as JSON.
func failure(path, status string, content []byte) error {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(content, &said) != nil || said.Message == "" {
		said.Message = strings.TrimSpace(string(content))
	}
	if strings.Contains(said.Message, "in sync with leader") || strings.Contains(said.Message, "unhealthy cluster") {
		return fmt.Errorf("%w: %s", ErrNotReady, said.Message)
	}
	return fmt.Errorf("etcd answered %s to %s: %s", status, path, said.Message)
}
