// Package cluster is a small client of the Kubernetes API: what the launcher needs, and no more. It keeps the launcher's own
// program free of the Kubernetes libraries, which would cost every `k3s --version` a second on a slow board.
package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// requestTimeout bounds one call: an API server on an emulated board may take many seconds while it starts.
const requestTimeout = 60 * time.Second

// Client calls one API server.
type Client struct {
	base  string
	http  *http.Client
	mutex sync.Mutex
	known map[string][]Resource
}

// New makes a client for an https address, with a client certificate (certificate.crt and certificate.key) and the server's authority.
func New(base, caFile, certificate string) (*Client, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	pair, err := tls.LoadX509KeyPair(certificate+".crt", certificate+".key")
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		ForceAttemptHTTP2: true,
		// The API server may be restarted under us; an idle connection of before must not linger.
		IdleConnTimeout: 90 * time.Second,
	}
	return &Client{base: base, http: &http.Client{Transport: transport, Timeout: requestTimeout}, known: map[string][]Resource{}}, nil
}

// StatusError is an answer of the API server other than success.
type StatusError struct {
	Code    int
	Message string
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Code) }

// IsNotFound tells whether an error is the API server's "not found".
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}

// Call sends a request and decodes the JSON answer into result, unless that is nil.
func (c *Client) Call(ctx context.Context, method, path, contentType string, body []byte, result any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		var status struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(content, &status) != nil || status.Message == "" {
			status.Message = strings.TrimSpace(string(content))
		}
		return &StatusError{response.StatusCode, status.Message}
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(content, result)
}

// Get reads a path into result.
func (c *Client) Get(ctx context.Context, path string, result any) error {
	return c.Call(ctx, http.MethodGet, path, "", nil, result)
}

// Apply makes an object what is given, by server-side apply; fields of other managers that the object names are taken over.
func (c *Client) Apply(ctx context.Context, path, manager string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	query := url.Values{"fieldManager": {manager}, "force": {"true"}}
	return c.Call(ctx, http.MethodPatch, path+"?"+query.Encode(), "application/apply-patch+yaml", body, nil)
}

// Merge patches an object with a JSON merge patch.
func (c *Client) Merge(ctx context.Context, path string, patch any) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return c.Call(ctx, http.MethodPatch, path, "application/merge-patch+json", body, nil)
}

// Create posts an object to a collection.
func (c *Client) Create(ctx context.Context, path string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return c.Call(ctx, http.MethodPost, path, "application/json", body, nil)
}

// Delete removes an object and what it owns, in the background. One that does not exist is no error.
func (c *Client) Delete(ctx context.Context, path string) error {
	err := c.Call(ctx, http.MethodDelete, path, "application/json", []byte(`{"propagationPolicy":"Background"}`), nil)
	if IsNotFound(err) {
		return nil
	}
	return err
}

// Healthy asks one of the API server's health paths, such as /readyz.
func (c *Client) Healthy(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return c.Call(ctx, http.MethodGet, path, "", nil, nil)
}
