package registries

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"sort"
	"strings"
)

// Rewriting is a mirror endpoint whose repository names are rewritten on the way. k3s's containerd is patched to do so; upstream's is not,
// so a proxy on loopback does it.
type Rewriting struct {
	// Prefix is the path below which the proxy serves this endpoint.
	Prefix   string
	endpoint *url.URL
	rules    []rule
	config   Config
}

type rule struct {
	pattern     *regexp.Regexp
	replacement string
}

// apiCall splits the path of a registry's API into repository and the rest.
var apiCall = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs|tags|referrers)/(.+)$`)

func newRewriting(number int, endpoint *url.URL, rewrites map[string]string, config Config) Rewriting {
	var patterns []string
	for pattern := range rewrites {
		patterns = append(patterns, pattern)
	}
	sort.Strings(patterns)
	made := Rewriting{Prefix: fmt.Sprintf("/rewrite/%d", number), endpoint: endpoint, config: config}
	for _, pattern := range patterns {
		made.rules = append(made.rules, rule{regexp.MustCompile(pattern), rewrites[pattern]})
	}
	return made
}

// Rewrite applies the first rule that matches a repository name.
func (r *Rewriting) Rewrite(repository string) string {
	for _, rule := range r.rules {
		if rule.pattern.MatchString(repository) {
			return rule.pattern.ReplaceAllString(repository, rule.replacement)
		}
	}
	return repository
}

// RewriteHandler serves all rewriting endpoints.
func RewriteHandler(rewritings []Rewriting) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, rewriting := range rewritings {
		proxy, err := rewriting.proxy()
		if err != nil {
			return nil, err
		}
		mux.Handle(rewriting.Prefix+"/", http.StripPrefix(rewriting.Prefix, proxy))
	}
	return mux, nil
}

func (r *Rewriting) proxy() (http.Handler, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if settings := r.config.TLS; settings != nil {
		converted, err := settings.client()
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = converted
	}
	root := strings.TrimSuffix(r.endpoint.Path, "/v2")
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(request *httputil.ProxyRequest) {
			path := request.In.URL.Path
			if parts := apiCall.FindStringSubmatch(path); parts != nil {
				path = "/v2/" + r.Rewrite(parts[1]) + "/" + parts[2] + "/" + parts[3]
			}
			request.Out.URL.Scheme, request.Out.URL.Host = r.endpoint.Scheme, r.endpoint.Host
			request.Out.URL.Path, request.Out.URL.RawPath = root+path, ""
			request.Out.Host = r.endpoint.Host
			if auth := r.config.Auth; auth != nil && auth.Username != "" && request.In.Header.Get("Authorization") == "" {
				request.Out.SetBasicAuth(auth.Username, auth.Password)
			}
		},
	}, nil
}

func (t *TLS) client() (*tls.Config, error) {
	converted := &tls.Config{InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CAFile != "" {
		content, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, err
		}
		converted.RootCAs = x509.NewCertPool()
		if !converted.RootCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("%s holds no certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		converted.Certificates = []tls.Certificate{pair}
	}
	return converted, nil
}
