// Package joining calls the supervisor of a server on behalf of a node that joins.
package joining

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"k3s-board/emulator/launcher/journal"
)

const (
	httpTimeout         = 60 * time.Second
	minimumTLSHandshake = 30 * time.Second
	retry               = 5 * time.Second
)

// RefusedError is an answer that trying again will not change.
type RefusedError struct{ reason string }

func (e *RefusedError) Error() string { return e.reason }

// Caller sends requests to a server whose authority is known.
type Caller struct {
	// Base is the server's address.
	Base string
	// Authority is the PEM of the cluster's authority, as the server hands it out.
	Authority []byte

	user, secret string
	node         Node
	http         *http.Client
}

// Node says who asks.
type Node struct{ Name, Address string }

// Dial fetches a server's authority and checks it against the hash that the token pins; with an empty hash the network is trusted, as it is
// with k3s.
//
// user is what the token is presented as: node or server.
func Dial(ctx context.Context, url, caHash, user, secret string, node Node) (*Caller, error) {
	base := strings.TrimSuffix(url, "/")
	ca, err := fetchAuthority(ctx, base, caHash)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, &RefusedError{base + "/cacerts holds no certificate"}
	}
	return &Caller{base, ca, user, secret, node, client(&tls.Config{RootCAs: pool})}, nil
}

// Repeatedly tries until it works, the context ends or the server refuses for good.
func Repeatedly(ctx context.Context, what string, try func() error) error {
	for {
		err := try()
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) || ctx.Err() != nil {
			return err
		}
		journal.Error("Failed to %s, will retry: %v", what, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retry):
		}
	}
}

// fetchAuthority reads the cluster's authority over a connection that nothing vouches for yet: the token's hash does.
func fetchAuthority(ctx context.Context, base, caHash string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/cacerts", nil)
	if err != nil {
		return nil, err
	}
	content, err := answer(client(&tls.Config{InsecureSkipVerify: true}), request)
	if err != nil {
		return nil, err
	}
	if caHash == "" {
		journal.Warn("Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation.")
		return content, nil
	}
	sum := sha256.Sum256(content)
	if hex.EncodeToString(sum[:]) != caHash {
		return nil, &RefusedError{"token CA hash does not match the Cluster CA certificate hash: " + caHash + " != " + hex.EncodeToString(sum[:])}
	}
	return content, nil
}

// Do sends a request as this node and returns the body of the answer.
func (c *Caller) Do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(c.user, c.secret)
	request.Header.Set("K3s-Node-Name", c.node.Name)
	request.Header.Set("K3s-Node-Ip", c.node.Address)
	return answer(c.http, request)
}

func answer(client *http.Client, request *http.Request) ([]byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, statusError(response, string(content))
	}
	return content, nil
}

func statusError(response *http.Response, body string) error {
	reason := fmt.Sprintf("%s answered %s: %s", response.Request.URL, response.Status, strings.TrimSpace(body))
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict:
		return &RefusedError{reason}
	}
	return errors.New(reason)
}

func client(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout:   httpTimeout,
		Transport: &http.Transport{TLSClientConfig: config, TLSHandshakeTimeout: minimumTLSHandshake, Proxy: http.ProxyFromEnvironment},
	}
}
