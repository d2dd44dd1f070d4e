// Package registries reads k3s's registries.yaml and turns it into containerd's configuration.
package registries

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Registries is the content of registries.yaml.
type Registries struct {
	Mirrors map[string]Mirror `yaml:"mirrors"`
	Configs map[string]Config `yaml:"configs"`
}

// Mirror says where the images of a registry are looked for first.
type Mirror struct {
	Endpoints []string          `yaml:"endpoint"`
	Rewrites  map[string]string `yaml:"rewrite"`
}

// Config is how one registry is spoken to.
type Config struct {
	Auth *Auth `yaml:"auth"`
	TLS  *TLS  `yaml:"tls"`
}

// Auth are the credentials of a registry.
type Auth struct {
	Username      string `yaml:"username"`
	Password      string `yaml:"password"`
	Auth          string `yaml:"auth"`
	IdentityToken string `yaml:"identity_token"`
}

// TLS are the certificates of a registry.
type TLS struct {
	CAFile             string `yaml:"ca_file"`
	CertFile           string `yaml:"cert_file"`
	KeyFile            string `yaml:"key_file"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
}

// Read reads the file; one that does not exist is empty.
func Read(path string) (*Registries, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Registries{}, nil
	}
	if err != nil {
		return nil, err
	}
	parsed, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("invalid registry configuration in %s: %w", path, err)
	}
	return parsed, nil
}

// Parse checks the text of a registries.yaml. Keys that k3s does not know are ignored, as k3s ignores them.
func Parse(content []byte) (*Registries, error) {
	parsed := &Registries{}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(parsed); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for host, mirror := range parsed.Mirrors {
		for _, endpoint := range mirror.Endpoints {
			if _, err := endpointURL(endpoint); err != nil {
				return nil, fmt.Errorf("mirrors.%s.endpoint: %w", host, err)
			}
		}
		for pattern := range mirror.Rewrites {
			if _, err := regexp.Compile(pattern); err != nil {
				return nil, fmt.Errorf("mirrors.%s.rewrite: %w", host, err)
			}
		}
	}
	return parsed, nil
}

// endpointURL completes an endpoint to the root of the registry's API.
func endpointURL(endpoint string) (*url.URL, error) {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	if parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("%q is not the http or https address of a registry", endpoint)
	}
	parsed.Path = strings.TrimSuffix(parsed.Path, "/")
	if !strings.HasSuffix(parsed.Path, "/v2") {
		parsed.Path += "/v2"
	}
	return parsed, nil
}

// hosts are all registries that the file names, sorted.
func (r *Registries) hosts() []string {
	set := map[string]bool{}
	for host := range r.Mirrors {
		set[host] = true
	}
	for host, config := range r.Configs {
		if config.TLS != nil {
			set[host] = true
		}
	}
	var hosts []string
	for host := range set {
		hosts = append(hosts, host)
	}
	sort.Strings(hosts)
	return hosts
}
