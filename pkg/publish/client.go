package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// ClientOptions say where GitHub's API is and who asks.
type ClientOptions struct {
	// APIURL is the address of the REST API, as in GITHUB_API_URL: https://api.github.com, or
	// https://HOST/api/v3 on GitHub Enterprise Server.
	APIURL string
	// GraphQLURL is that of the GraphQL API, as in GITHUB_GRAPHQL_URL; empty does without.
	GraphQLURL string
	// Token is sent to the host of APIURL and to no other.
	Token string
	// Version is loadline's, for the user agent.
	Version string
	// Clock is what waiting goes by; nil is the system's.
	Clock Clock
}

// Client is GitHub's API with the manners that it asks of its clients: limits are honoured, what failed for a moment is
// tried again where that is safe, and answers have a size.
type Client struct {
	rest *github.Client
	// graphQL is the address of the GraphQL API; empty where there is none that may have the token.
	graphQL string
	sender  *transport
}

// REST is the client of the REST API.
func (c *Client) REST() *github.Client { return c.rest }

// Limits of one request.
const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 20 * time.Second // until the header of the answer
	// maxAnswer is the most that is read of an answer, in bytes: a page of 100 comments of 65,536 characters each, or a
	// recursive tree of 7 MB, and room to spare.
	maxAnswer    = 32 << 20
	maxRedirects = 5
)

// NewClient answers a client of the API; it asks for nothing yet. The error says which address is none.
func NewClient(o ClientOptions) (*Client, error) {
	base, err := address(o.APIURL)
	if err != nil {
		return nil, fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	base.Path = strings.TrimRight(base.Path, "/") + "/"
	clock := o.Clock
	if clock == nil {
		clock = systemClock{}
	}
	c := &Client{}
	// A token goes to the API's host only, so that GraphQL elsewhere is no GraphQL.
	if q, err := address(o.GraphQLURL); err == nil && q.Host == base.Host && q.Scheme == base.Scheme {
		c.graphQL = q.String()
	}
	inner := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     true,
	}
	c.sender = &transport{inner: inner, api: base, graphQL: c.graphQL, token: o.Token, clock: clock, patience: patience}
	c.rest = github.NewClient(&http.Client{Transport: c.sender, CheckRedirect: stayOnHost})
	c.rest.BaseURL = base
	c.rest.UserAgent = "loadline/" + version(o.Version)
	return c, nil
}

// stayOnHost refuses redirects that leave the API or change the request: a renamed repository is at another path of the
// same host (docs.github.com, "Follow redirects").
func stayOnHost(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return errors.New("GitHub redirects without end")
	case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
		return fmt.Errorf("GitHub redirects to another host, %s", req.URL.Host)
	case req.Method != first.Method:
		return fmt.Errorf("GitHub redirects a %s to what would be a %s", first.Method, req.Method)
	}
	return nil
}

func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%q is no address of a server", text)
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

// version is one that a header may hold.
func version(v string) string {
	v = strings.Trim(v, "()")
	if v == "" || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "devel"
	}
	return v
}

// wait waits out of the client's patience; the error says that there is none left.
func (c *Client) wait(ctx context.Context, pause time.Duration) error {
	if !c.sender.take(ctx, pause) {
		return errors.New("it takes too long")
	}
	return c.sender.clock.Sleep(ctx, pause)
}
