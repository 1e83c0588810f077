package baseimage

import (
	"fmt"
	"net/url"
	"strings"
)

// CheckHost says whether a text is the host of a registry as references name it, with a port or without.
func CheckHost(host string) error {
	u, err := url.Parse("https://" + host + "/")
	if err != nil || host == "" || u.Host != host || u.Hostname() == "" || strings.ContainsAny(host, "@*?#") || host != strings.ToLower(host) {
		return fmt.Errorf("%q is not a registry: want a host in lower case, such as registry.example.com:8443", host)
	}
	return nil
}
