package registry

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

func TestPublicAddressesAreTheInternets(t *testing.T) {
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "172.32.0.1", "169.253.0.1"} {
		if !isPublic(a) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range []string{
		"", "example.com", "0.0.0.0", "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
		"fd00:ec2::254", "ff02::1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fec0::1",
	} {
		if isPublic(a) {
			t.Errorf("%s is taken for public", a)
		}
	}
}

func TestConnectionsAreMadeByAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8:443": true, "[2606:4700::1111]:443": true, "127.0.0.1:443": false, "[::1]:443": false, "10.1.2.3:80": false, "8.8.8.8": false,
	} {
		if err := publicOnly("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestRequestsGoToKnownHosts(t *testing.T) {
	for address, want := range map[string]bool{
		"https://index.docker.io/v2/":                                                  true,
		"https://index.docker.io:443/v2/":                                              true,
		"https://GHCR.io/token":                                                        true,
		"https://docker-images-prod.6aa30f8b.r2.cloudflarestorage.com/x":               true,
		"https://us-west1-docker.pkg.dev/x":                                            true,
		"https://prod-registry-k8s-io-us-east-1.s3.dualstack.us-east-1.amazonaws.com/": true,
		"https://mine.example.com:8443/v2/":                                            true,
		"http://index.docker.io/v2/":                                                   false,
		"https://index.docker.io:5000/v2/":                                             false,
		"https://mine.example.com/v2/":                                                 false,
		"https://evil.s3.amazonaws.com/":                                               false,
		"https://pkg.dev.example.com/":                                                 false,
		"https://xghcr.io/":                                                            false,
		"https://ghcr.io.example.com/":                                                 false,
		"https://169.254.169.254/":                                                     false,
		"https://user@ghcr.io/":                                                        false,
		"https://127.0.0.1:5000/":                                                      false,
		"ftp://ghcr.io/":                                                               false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		g := &guard{hosts: []string{"mine.example.com:8443"}}
		if err := g.check(&http.Request{Method: http.MethodGet, URL: u}); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
		if err := g.check(&http.Request{Method: http.MethodPost, URL: u}); err == nil {
			t.Errorf("%s is posted to", address)
		}
	}
}

func TestAProxyMayBeAtAPrivateAddress(t *testing.T) {
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Store(req.Method + " " + req.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{Proxy: http.ProxyURL(address)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "ghcr.io/owner/app:1", "linux/amd64")
	if err == nil || !strings.Contains(err.Error(), "Bad Gateway") || asked.Load() != "CONNECT ghcr.io:443" {
		t.Errorf("the proxy was asked %v: %v", asked.Load(), err)
	}
}
