package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// refusal says that a request was not made, or an answer not taken.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, args ...any) error { return &refusal{text: fmt.Sprintf(format, args...)} }

// endpoints are the hosts that the registries of Hosts use: their own, their token services', and those to which they
// redirect for configurations, as patterns of package path.
// Sources: docs.docker.com, "Allowlist for Docker Desktop"; docs.github.com, "Communicating with GitHub"; access.redhat.com,
// "Firewall changes for container image pulls" (quay.io); learn.microsoft.com, "Client firewall rules" (Artifact
// Registry); docs.aws.amazon.com, "Amazon ECR public registries"; kubernetes/registry.k8s.io, README.
var endpoints = []string{
	"index.docker.io", "registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com",
	"production.cloudfront.docker.com", "docker-images-prod.*.r2.cloudflarestorage.com",
	"gcr.io", "storage.googleapis.com",
	"ghcr.io", "pkg-containers.githubusercontent.com",
	"mcr.microsoft.com", "*.data.mcr.microsoft.com",
	"public.ecr.aws", "*.cloudfront.net",
	"quay.io", "*.quay.io", "quayio-production-s3.s3.amazonaws.com",
	"registry.k8s.io", "*.pkg.dev", "prod-registry-k8s-io-*.amazonaws.com",
}

// guard lets only those requests through that one look-up needs, and bounds what comes back. It lies below redirects
// and the asking for tokens, so that these are held to the same.
type guard struct {
	base         http.RoundTripper
	hosts, plain []string
	requests     atomic.Int64
}

// RoundTrip makes one request, if it may be made.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		return nil, err
	}
	res, err := g.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.ContentLength > MaxBody && req.Method != http.MethodHead {
		_ = res.Body.Close()
		return nil, refuse("%s answers with %d bytes; the limit is %d", req.URL.Host, res.ContentLength, int64(MaxBody))
	}
	res.Body = &limitedBody{body: res.Body, left: MaxBody, host: req.URL.Host}
	return res, nil
}

func (g *guard) check(req *http.Request) error {
	if g.requests.Add(1) > MaxRequests {
		return refuse("the registry asks for more than %d requests", int64(MaxRequests))
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return refuse("a %s request to %s was not made", req.Method, req.URL.Host)
	}
	host := strings.ToLower(req.URL.Host)
	plain := slices.Contains(g.plain, host)
	if req.URL.Scheme != "https" && !(plain && req.URL.Scheme == "http") {
		return refuse("a request to %s without encryption was not made", req.URL.Host)
	}
	if req.URL.User != nil {
		return refuse("a request to %s with a password in its address was not made", req.URL.Host)
	}
	host = strings.TrimSuffix(host, ":443")
	if plain || slices.Contains(g.hosts, host) || isEndpoint(host) {
		return nil
	}
	return refuse("the registry leads to %s, which is not on the list of hosts that may be asked", req.URL.Host)
}

// isEndpoint reports whether a host is one of endpoints.
func isEndpoint(host string) bool {
	return slices.ContainsFunc(endpoints, func(pattern string) bool {
		ok, err := path.Match(pattern, host)
		return err == nil && ok
	})
}

// limitedBody is the body of an answer that ends with an error where it becomes too long.
type limitedBody struct {
	body io.ReadCloser
	left int64
	host string
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if n, err := b.body.Read(make([]byte, 1)); n == 0 && err != nil {
			return 0, err
		}
		return 0, refuse("%s answers with more than %d bytes", b.host, int64(MaxBody))
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (b *limitedBody) Close() error { return b.body.Close() }

// newTransport connects to public addresses alone, whatever a name resolves to, and to the proxies that it is told of.
func newTransport(proxy func(*http.Request) (*url.URL, error)) http.RoundTripper {
	var proxies sync.Map // the addresses of proxies that were used
	plain := &net.Dialer{Timeout: ImageTimeout}
	guarded := &net.Dialer{Timeout: ImageTimeout, Control: publicOnly}
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if _, ok := proxies.Load(address); ok {
				return plain.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what is counted is what was sent
		MaxResponseHeaderBytes: 64 << 10,
		TLSHandshakeTimeout:    ImageTimeout,
		ResponseHeaderTimeout:  ImageTimeout,
		IdleConnTimeout:        time.Minute,
		MaxConnsPerHost:        2 * parallel,
	}
	if proxy != nil {
		t.Proxy = func(req *http.Request) (*url.URL, error) {
			u, err := proxy(req)
			if err == nil && u != nil {
				proxies.Store(proxyAddress(u), true)
			}
			return u, err
		}
	}
	return t
}

// proxyAddress is the address that net/http dials for a proxy.
func proxyAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// publicOnly refuses a connection to an address that is not public. It is asked with the address itself, after the name
// was resolved, so that no name leads around it.
func publicOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return errors.Join(refuse("a connection to %s was not made", address), err)
	}
	if !isPublic(host) {
		return refuse("a connection to %s was not made: it is not a public address", host)
	}
	return nil
}
